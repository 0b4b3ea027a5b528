import { WebSocketServer } from "ws";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { awaitConnections } from "./awaitConnections.js";
import { tellMemory } from "./tellMemory.js";

// The limit: connections of nobody in particular, for nothing in particular.
const { port, count } = readArgument();
const server = new WebSocketServer({ host: "127.0.0.1", port, perMessageDeflate: false, backlog: 8192 });
server.on("connection", (socket) => socket.on("message", (data) => socket.send(data, { binary: false })));
await new Promise((resolve) => server.once("listening", resolve));
await tellMemory(0);
ready(0);
await awaitConnections(count, () => server.clients.size);
await tellMemory(count);
