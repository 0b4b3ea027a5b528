import { WebSocketServer } from "ws";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { awaitConnections } from "./awaitConnections.js";
import { reportMemory } from "./reportMemory.js";

// The limit: connections without authentication and messages.
const { port, count } = readArgument();
const server = new WebSocketServer({ host: "127.0.0.1", port, perMessageDeflate: false, backlog: 8192 });
server.on("connection", (socket) => socket.on("message", (data) => socket.send(data, { binary: false })));
await new Promise((resolve) => server.once("listening", resolve));
await reportMemory(0);
ready(0);
await awaitConnections(count, () => server.clients.size);
await reportMemory(count);
