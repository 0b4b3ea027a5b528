import type { ServiceName } from "@peek/plugin-base";
import type { Bus } from "../../src/bus/Bus.ts";
import { Exchange } from "../../src/bus/Exchange.ts";
import { makeInstanceName } from "../../src/bus/instanceName.ts";
import { MemoryBus } from "../../src/bus/memory/MemoryBus.ts";
import type { JoinedBus, RpcHarness } from "./RpcHarness.ts";

/** All in one process. */
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
