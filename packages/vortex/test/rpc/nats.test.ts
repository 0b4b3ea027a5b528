import { connected, member, NatsServer, openNatsBus } from "@peek/bus/testing";
import type { RpcHarness } from "./RpcHarness.ts";
import { describeRpc } from "./rpcBehaviour.ts";

describeRpc("nats", async (): Promise<RpcHarness> => {
  const server = await NatsServer.start();
  return {
    join: async (service) => {
      const self = member(service);
      return { bus: await connected(openNatsBus(server, service, { member: self }).bus), member: self };
    },
    kill: async (bus) => await bus[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
});
