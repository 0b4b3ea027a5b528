import { once } from "node:events";
import { WebSocket } from "ws";
import { readArgument } from "../readArgument.js";
import { fail, measureCalls } from "./measureCalls.js";
import { payloadText } from "./payload.js";

const { port } = readArgument();
const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
socket.on("error", fail);
await once(socket, "open");
let onAnswer = () => undefined;
socket.on("message", () => onAnswer());
await measureCalls((done) => {
  onAnswer = done;
  socket.send(payloadText);
});
