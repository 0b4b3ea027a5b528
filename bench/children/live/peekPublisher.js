import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { Exchange, MemoryBus } from "@peek/bus";
import { ExposedContracts, Gateway } from "@peek/live/gateway";
import { ObservableServer } from "@peek/live/logic";
import { Vortex } from "@peek/vortex";
import { makeMember } from "../openExchange.js";
import { readArgument } from "../readArgument.js";
import { silentLogger } from "../silentLogger.js";
import { plugin, PumpTuple } from "./contracts.js";
import { publishRounds } from "./publishRounds.js";
import { change, tuples } from "./tuples.js";

// All that Peek does for an update, in one process: logic runs the provider and compares, field takes the delta by RPC and sends it
// to its browsers. The RPC cases measure the connection between the two.
const { port } = readArgument();
const exchange = new Exchange();

function openService(service) {
  const member = makeMember(service);
  const vortex = new Vortex({ bus: new MemoryBus(exchange, service, member), member, logger: silentLogger });
  const stack = new AsyncDisposableStack();
  return vortex.forPlugin("peek_core_platform", () => stack, silentLogger);
}

const sessions = (proof) => ({
  ok: true,
  user: { id: proof, name: "anonymous", groups: [], anonymous: true },
  device: proof,
});
const logic = new ObservableServer({ rpc: openService("logic").rpc, sessions, changes: () => undefined });
const owned = new AsyncDisposableStack();
const all = tuples();
const provided = logic
  .forPlugin({ plugin, disposables: () => owned, logger: silentLogger, hasStorage: false, services: ["field"] })
  .provide(PumpTuple, { load: () => all });
logic.serve();

const { rpc, presence } = openService("field");
const exposed = new ExposedContracts();
exposed.addObservable(PumpTuple.name);
const gateway = new Gateway({ rpc, presence, exposed, logger: silentLogger });
const server = createServer();
server.on("upgrade", (request, socket, head) => {
  const device = randomUUID();
  const user = { id: `device:${device}`, name: "anonymous", groups: [], anonymous: true };
  gateway.accept(request, socket, head, { user, device, proof: user.id, ended: new AbortController().signal });
});
server.listen({ host: "127.0.0.1", port, backlog: 8192 });
await once(server, "listening");
await publishRounds((round) => {
  change(all, round);
  provided.notify();
});
