import { type SelectorValues, TupleSelector } from "@peek/plugin-base/contracts";
import { ObservableProxy } from "../../src/gateway/proxy/ObservableProxy.ts";
import { Vortex } from "@peek/vortex";
import type { JoinedBus } from "@peek/vortex/testing";
import { TestLog } from "@peek/kit/testing";
import { pumpTuple } from "./pumps.ts";
import { Watcher } from "./Watcher.ts";

/** A process of the field service, as far as observables go. */
export class FieldProcess implements AsyncDisposable {
  readonly log: TestLog = new TestLog();
  readonly vortex: Vortex;
  readonly proxy: ObservableProxy;
  readonly #own = new AsyncDisposableStack();
  readonly #joined: JoinedBus;

  constructor(joined: JoinedBus, lingerMs = 30_000) {
    this.#joined = joined;
    this.vortex = new Vortex({ ...joined, logger: this.log });
    const { rpc, presence } = this.vortex.forPlugin("peek_core_platform", () => this.#own, this.log);
    this.proxy = new ObservableProxy({ rpc, presence, logger: this.log, lingerMs });
  }

  /** One who watches pumps. */
  watch(values: SelectorValues = {}, scope = "", guarded = false, proof = "a"): Watcher {
    const selector = new TupleSelector(pumpTuple.name, values);
    return new Watcher(this.proxy.follow(selector, scope, guarded, () => proof));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.#own.disposeAsync();
    await this.vortex[Symbol.asyncDispose]();
    await this.#joined.bus[Symbol.asyncDispose]();
  }
}
