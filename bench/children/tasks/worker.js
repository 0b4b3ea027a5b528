import { ready } from "../ready.js";
import { openPeer } from "./openPeer.js";

// Executes tasks that another process queues.
const { peer, argument } = await openPeer();
await peer.startWorker(argument, () => undefined);
ready(0);
