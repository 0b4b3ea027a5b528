import { NatsServer } from "../nats/NatsServer.ts";
import { busBehaviour } from "./busBehaviour.ts";
import type { BusHarness } from "./BusHarness.ts";
import { openNatsBus } from "./openNatsBus.ts";
import { spawnBus } from "./spawnBus.ts";

const heartbeatMs = 1000;

busBehaviour("nats", true, async (): Promise<BusHarness> => {
  const server = await NatsServer.start();
  return {
    open: (service, member) => openNatsBus(server, service, { member, heartbeatMs }).bus,
    spawn: async (service) => await spawnBus(service, { driver: "nats", servers: [server.url], heartbeatMs }),
    network: { cut: async () => await server.kill(), restore: async () => await server.start() },
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
});
