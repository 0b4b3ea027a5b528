import { measureLatency } from "./measureLatency.js";
import { openPeer } from "./openPeer.js";
import { report } from "./report.js";

// Queues tasks for another process, and waits for each.
const { peer, argument } = await openPeer();
const producer = await peer.openProducer(argument);
await producer.follow();
report(await measureLatency(producer.run, argument.rounds));
process.exit(0);
