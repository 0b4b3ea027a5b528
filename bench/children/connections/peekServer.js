import { openExchange } from "../openExchange.js";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { awaitConnections } from "./awaitConnections.js";
import { reportMemory } from "./reportMemory.js";

// The data exchange of the logic service. Without a count, its memory is not measured.
const { count, ...where } = readArgument();
const { listener } = await openExchange(where);
if (count === undefined) ready(0);
else {
  await reportMemory(0);
  ready(0);
  await awaitConnections(count, () => listener.connections);
  await reportMemory(count);
}
