import { openPeer } from "./openPeer.js";
import { Tally } from "./Tally.js";
import { tell } from "./tell.js";

// How quickly tasks are done that were queued before.
const { peer, argument } = await openPeer();
const tally = new Tally(argument.counts);
const { areRecorded } = await peer.startWorker(argument, tally.begin);
tell(await tally.figures(areRecorded));
process.exit(0);
