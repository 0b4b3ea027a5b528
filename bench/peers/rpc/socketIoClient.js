import { io } from "socket.io-client";
import { readArgument } from "../../children/readArgument.js";
import { measureCalls } from "../../children/rpc/measureCalls.js";
import { payload } from "../../children/rpc/payload.js";

const socket = io(`http://127.0.0.1:${readArgument().port}`, { transports: ["websocket"] });
await new Promise((resolve) => socket.once("connect", resolve));
await measureCalls((done) => socket.emit("echo", payload, done));
