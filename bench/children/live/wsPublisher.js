import { once } from "node:events";
import { Sender, WebSocketServer } from "ws";
import { readArgument } from "../readArgument.js";
import { change, tuples } from "./tuples.js";
import { publishRounds } from "./publishRounds.js";

// The limit: one frame, made once, is written to all sockets. The case that sends all tuples with each change does the same.
const { port, whole = false } = readArgument();
const server = new WebSocketServer({ host: "127.0.0.1", port, perMessageDeflate: false, backlog: 8192 });
await once(server, "listening");
const all = tuples();
server.on("connection", (ws) => {
  ws.on("message", () => undefined);
  ws.send("hi");
});
await publishRounds((round) => {
  const changed = change(all, round);
  const payload = Buffer.from(JSON.stringify(whole ? all : changed));
  const frame = Buffer.concat(
    Sender.frame(payload, { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false }),
  );
  for (const ws of server.clients) ws._socket.write(frame);
});
