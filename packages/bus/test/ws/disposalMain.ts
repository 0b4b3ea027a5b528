import { once } from "node:events";
import { WsBus } from "@peek/bus/ws";
import { WebSocketServer } from "ws";
import { member } from "../bus/BusHarness.ts";
import { recordingLog } from "../bus/recordingLog.ts";

/** The events of a bus that was disposed while its welcome was under way. */
export interface DisposalReport {
  /** The recorded events, in order. */
  readonly heard: readonly string[];
  readonly state: string;
  /** How many workers it lists. */
  readonly peers: number;
  readonly log: readonly string[];
}

// A bus and a fake exchange, in a process that ends by itself when neither keeps it running.
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await once(server, "listening");
const address = server.address();
if (address === null || typeof address === "string") throw new Error("The server has no port.");
const log = recordingLog();
const options = { service: "agent", member: member("agent"), host: "127.0.0.1", port: address.port } as const;
const bus = new WsBus({ ...options, secure: false, logger: log, credentials: () => ({ token: "any" }) });
const heard: string[] = [];
const from = member("worker").instance;
bus.onState((state) => heard.push(`state ${state}`));
bus.onMessage((_from, text) => heard.push(`text ${text}`));
bus.onPresence(({ kind }) => heard.push(`presence ${kind}`));
bus.onGone(() => heard.push("gone"));
void bus.watch("worker");
const [socket] = await once(server, "connection");
await once(socket, "message");
const disposed = bus[Symbol.asyncDispose]();
// The close frame of the bus is under way; these lines cross it.
socket.send('W{"heartbeatMs":60000}');
socket.send(`m${from}\thello`);
await disposed;
server.close();
const report: DisposalReport = { heard, state: bus.state, peers: bus.peers("worker").length, log: log.lines };
process.send?.(report);
