import { Server } from "socket.io";
import { readArgument } from "../../children/readArgument.js";
import { publishRounds } from "../../children/live/publishRounds.js";
import { change, tuples } from "../../children/live/tuples.js";

// A room that all subscribers are in.
const server = new Server(readArgument().port, { transports: ["websocket"], serveClient: false });
server.on("connection", (socket) => socket.join("pumps"));
const all = tuples();
await publishRounds((round) => server.to("pumps").emit("pump", change(all, round)));
