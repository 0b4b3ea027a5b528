import { serviceNames } from "@peek/plugin-base";
import { Exchange } from "../../src/Exchange.ts";
import type { Authenticator } from "../../src/ws/Authenticator.ts";
import { WsBus } from "../../src/ws/WsBus.ts";
import { WsExchange } from "../../src/ws/WsExchange.ts";
import { busBehaviour } from "./busBehaviour.ts";
import type { BusHarness } from "./BusHarness.ts";
import { recordingLog } from "./recordingLog.ts";
import { spawnBus } from "./spawnBus.ts";

const heartbeatMs = 300;

/** Accepts every token that is the name of a service. */
const authenticator: Authenticator = {
  authenticate: ({ headers }) => {
    const service = serviceNames.find((name) => headers.authorization === `Bearer ${name}`);
    if (service === undefined) return { reason: "that is no token" };
    return { service, title: "a token of a test", isValid: () => true };
  },
  onChange: () => ({ [Symbol.dispose]: () => undefined }),
};

busBehaviour("ws", true, async (): Promise<BusHarness> => {
  const listen = async (port: number): Promise<WsExchange> =>
    await WsExchange.listen({
      exchange: new Exchange(),
      host: "127.0.0.1",
      port,
      authenticator,
      heartbeatMs,
      logger: recordingLog(),
    });
  let exchange = await listen(0);
  const { port } = exchange;
  if (port === undefined) throw new Error("The exchange does not listen.");
  return {
    open: (service, member) =>
      new WsBus({
        service,
        member,
        host: "127.0.0.1",
        port,
        secure: false,
        credentials: () => ({ token: service }),
        logger: recordingLog(),
      }),
    spawn: async (service) => await spawnBus(service, { driver: "ws", port, heartbeatMs }),
    network: {
      cut: async () => await exchange[Symbol.asyncDispose](),
      restore: async () => {
        exchange = await listen(port);
      },
    },
    [Symbol.asyncDispose]: async () => await exchange[Symbol.asyncDispose](),
  };
});
