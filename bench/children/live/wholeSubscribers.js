import { once } from "node:events";
import { WebSocket } from "ws";
import { readArgument } from "../readArgument.js";
import { subscribeAll } from "./subscribeAll.js";

// Subscribers that receive all tuples with each change parse them, and store them by key.
const { port } = readArgument();
await subscribeAll(async (onRound) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  let rows = new Map();
  socket.on("message", (data) => {
    const text = data.toString();
    if (text === "hi") return;
    rows = new Map(JSON.parse(text).map((row) => [row.id, row]));
    onRound((id) => rows.get(id)?.round);
  });
  await once(socket, "open");
  return socket;
});
