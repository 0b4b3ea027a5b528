import { type LinkEnds, type LinkQuality, SlowLink } from "./SlowLink.ts";

/** The argument of this program, as JSON. */
export type SlowRelayArgument = LinkEnds & LinkQuality;

// A slow link in a process of its own, which may be in another network namespace than its caller.
const argument = JSON.parse(process.argv[2] ?? "") as SlowRelayArgument;
await SlowLink.open(argument, argument);
process.stdout.write("listening\n");
