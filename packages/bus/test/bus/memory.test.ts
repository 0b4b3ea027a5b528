import { Exchange } from "../../src/Exchange.ts";
import { MemoryBus } from "../../src/memory/MemoryBus.ts";
import { busBehaviour } from "./busBehaviour.ts";

busBehaviour("memory", false, () => {
  const exchange = new Exchange();
  return Promise.resolve({
    open: (service, member) => new MemoryBus(exchange, service, member),
    spawn: undefined,
    network: undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
