import { idleBrowsers } from "../src/live/idleBrowsers.ts";
import { LiveSystem } from "../src/live/LiveSystem.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/idleBrowsers.ts [browsers]

const browsers = given(10_000);
await using system = await LiveSystem.start();
const figures = await idleBrowsers(system, { browsers, processes: 2, seconds: 60 });
print("browsers that nobody uses", browsers);
print("messages of field to them, a second", figures.messagesDown);
print("messages of theirs to field, a second", figures.messagesUp);
print("of a processor, field, %", figures.fieldPercent);
print("memory of field, MiB", figures.fieldMiB);
print("cuts", figures.cuts, "0");
