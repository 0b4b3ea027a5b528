import { once } from "node:events";
import { WebSocket } from "ws";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { inGroups } from "./inGroups.js";

const { port, count } = readArgument();
await inGroups(count, async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, "open");
});
ready(0);
