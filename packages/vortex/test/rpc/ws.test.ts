import { serviceNames } from "@peek/plugin-base";
import { Exchange } from "@peek/bus";
import { type Authenticator, WsBus, WsExchange } from "@peek/bus/ws";
import { connected, member } from "@peek/bus/testing";
import type { RpcHarness } from "./RpcHarness.ts";
import { describeRpc } from "./rpcBehaviour.ts";
import { describeSuspension } from "./suspensionBehaviour.ts";
import { TestLog } from "@peek/kit/testing";

/** Accepts every token that is the name of a service. */
const authenticator: Authenticator = {
  authenticate: ({ headers }) => {
    const service = serviceNames.find((name) => headers.authorization === `Bearer ${name}`);
    if (service === undefined) return { reason: "that is no token" };
    return { service, title: "a token of a test", isValid: () => true };
  },
  onChange: () => ({ [Symbol.dispose]: () => undefined }),
};

async function open(): Promise<RpcHarness> {
  const logger = new TestLog();
  const exchange = await WsExchange.listen({
    exchange: new Exchange(),
    host: "127.0.0.1",
    port: 0,
    authenticator,
    heartbeatMs: 1000,
    logger,
  });
  const { port } = exchange;
  if (port === undefined) throw new Error("The exchange does not listen.");
  return {
    join: async (service) => {
      const self = member(service);
      const credentials = () => ({ token: service });
      const bus = new WsBus({ service, member: self, host: "127.0.0.1", port, secure: false, credentials, logger });
      return { bus: await connected(bus), member: self };
    },
    kill: async (bus) => await bus[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: async () => await exchange[Symbol.asyncDispose](),
  };
}

describeRpc("ws", open);
describeSuspension("ws", open);
