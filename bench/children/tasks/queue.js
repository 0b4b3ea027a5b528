import { enqueueMany } from "./enqueueMany.js";
import { openPeer } from "./openPeer.js";

// Queues tasks for whoever is started after it.
const { peer, argument } = await openPeer();
const { enqueueAll } = await peer.openProducer(argument);
await enqueueMany(enqueueAll, argument.queued);
process.exit(0);
