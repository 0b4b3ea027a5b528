import { openHub } from "../openHub.js";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { awaitConnections } from "./awaitConnections.js";
import { tellMemory } from "./tellMemory.js";

// The hub of the logic service. Without a count, nobody asks for its memory.
const { count, ...where } = readArgument();
const { hub } = await openHub(where);
if (count === undefined) ready(0);
else {
  await tellMemory(0);
  ready(0);
  await awaitConnections(count, () => hub.connections);
  await tellMemory(count);
}
