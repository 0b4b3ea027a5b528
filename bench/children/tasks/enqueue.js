import { measureEnqueue } from "./measureEnqueue.js";
import { openPeer } from "./openPeer.js";
import { report } from "./report.js";

// Measures queuing without a worker.
const { peer, argument } = await openPeer();
report(await measureEnqueue(await peer.openProducer(argument), argument.ms));
process.exit(0);
