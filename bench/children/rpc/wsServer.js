import { WebSocketServer } from "ws";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";

// The limit: it echoes text frames without parsing them.
const { port } = readArgument();
const server = new WebSocketServer({ host: "127.0.0.1", port, perMessageDeflate: false });
server.on("connection", (socket) => socket.on("message", (data) => socket.send(data, { binary: false })));
server.on("listening", () => ready(0));
