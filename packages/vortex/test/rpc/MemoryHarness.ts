import type { ServiceName } from "@peek/plugin-base";
import { type Bus, Exchange, makeInstanceName, MemoryBus } from "@peek/bus";
import type { JoinedBus, RpcHarness } from "./RpcHarness.ts";

/** The driver within one process. */
export class MemoryHarness implements RpcHarness {
  readonly exchange: Exchange = new Exchange();

  join(service: ServiceName): Promise<JoinedBus & { readonly bus: MemoryBus }> {
    const member = { instance: makeInstanceName(service), version: "1.2.3", since: new Date().toISOString() };
    return Promise.resolve({ bus: new MemoryBus(this.exchange, service, member), member });
  }

  async kill(bus: Bus): Promise<void> {
    await bus[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
