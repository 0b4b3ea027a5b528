import { enqueueMany } from "./enqueueMany.js";
import { openPeer } from "./openPeer.js";

// Queues tasks for a worker that is started later.
const { peer, argument } = await openPeer();
const { enqueueAll } = await peer.openProducer(argument);
await enqueueMany(enqueueAll, argument.queued);
process.exit(0);
