import { Server } from "socket.io";
import { readArgument } from "../../children/readArgument.js";
import { ready } from "../../children/ready.js";

const server = new Server(readArgument().port, { transports: ["websocket"] });
server.on("connection", (socket) => socket.on("echo", (input, answer) => answer(input)));
ready(0);
