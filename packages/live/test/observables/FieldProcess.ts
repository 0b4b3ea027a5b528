import type { PluginPresence, PluginRpc } from "@peek/plugin-base";
import { type SelectorValues, TupleSelector } from "@peek/plugin-base/contracts";
import { Listeners, LogThrottle } from "@peek/kit";
import { TestLog } from "@peek/kit/testing";
import { Vortex } from "@peek/vortex";
import type { JoinedBus } from "@peek/vortex/testing";
import { ChannelRegistry, type ChannelStatistics } from "../../src/gateway/channels/ChannelRegistry.ts";
import { LogicClient } from "../../src/gateway/logic/LogicClient.ts";
import { pumpTuple } from "./pumps.ts";
import { Watcher } from "./Watcher.ts";

/** A process of the field service, as far as observables go, without browsers. */
export class FieldProcess implements AsyncDisposable {
  readonly log: TestLog = new TestLog();
  readonly vortex: Vortex;
  readonly rpc: PluginRpc;
  readonly presence: PluginPresence;
  readonly logic: LogicClient;
  readonly channels: ChannelRegistry;
  readonly #rights = new Listeners<string>();
  readonly #own = new AsyncDisposableStack();
  readonly #joined: JoinedBus;

  constructor(joined: JoinedBus, lingerMs = 30_000) {
    this.#joined = joined;
    this.vortex = new Vortex({ ...joined, logger: this.log });
    const { rpc, presence } = this.vortex.forPlugin("peek_core_platform", () => this.#own, this.log);
    const common = { logger: this.log, logThrottle: new LogThrottle() };
    this.rpc = rpc;
    this.presence = presence;
    this.logic = new LogicClient({ rpc, presence, ...common });
    this.channels = new ChannelRegistry({
      logic: this.logic,
      ...common,
      lingerMs,
      onAdmissionsOutdated: (observable) => this.#rights.notify(observable),
    });
    this.logic.onRightsChanged((observable) => {
      this.#rights.notify(observable);
      this.channels.retry(observable);
    });
  }

  /** A watcher of pumps. */
  watch(values: SelectorValues = {}, scope = "", guarded = false, proof = "a"): Watcher {
    const selector = new TupleSelector(pumpTuple.name, values);
    return new Watcher(this.channels.open({ selector, scope, guarded }), proof);
  }

  /** Calls with the name of an observable whose watchers have to be admitted anew. */
  onRightsChanged(listener: (observable: string) => void): Disposable {
    return this.#rights.add(listener);
  }

  statistics(): ChannelStatistics {
    return this.channels.statistics();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.channels[Symbol.asyncDispose]();
    await this.logic[Symbol.asyncDispose]();
    await this.#own.disposeAsync();
    await this.vortex[Symbol.asyncDispose]();
    await this.#joined.bus[Symbol.asyncDispose]();
  }
}
