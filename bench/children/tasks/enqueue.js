import { measureEnqueue } from "./measureEnqueue.js";
import { openPeer } from "./openPeer.js";
import { tell } from "./tell.js";

// How quickly a queue takes tasks; nobody does them.
const { peer, argument } = await openPeer();
tell(await measureEnqueue(await peer.openProducer(argument), argument.ms));
process.exit(0);
