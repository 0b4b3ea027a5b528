import type { PluginObservables, ServiceName } from "@peek/plugin-base";
import type { ChangeSource } from "@peek/plugin-base/internal";
import { ObservableServer } from "../../src/logic/observables/ObservableServer.ts";
import { Vortex } from "@peek/vortex";
import { type JoinedBus, plugin } from "@peek/vortex/testing";
import { TestLog } from "@peek/kit/testing";
import { TestSessions } from "./TestSessions.ts";

/** The settings in which a test may differ from a service. */
export interface LogicProcessOptions {
  readonly changes?: () => ChangeSource | undefined;
  readonly lingerMs?: number;
  readonly loadDeadlineMs?: number;
  readonly maxLoads?: number;
  readonly hasStorage?: boolean;
  /** Default: all whom field names. */
  readonly sessions?: TestSessions;
  readonly sessionCheckMs?: number;
  readonly services?: readonly ServiceName[];
}

/** A process of logic, as far as observables go, with one plugin. */
export class LogicProcess implements AsyncDisposable {
  readonly log: TestLog = new TestLog();
  readonly vortex: Vortex;
  readonly server: ObservableServer;
  readonly observables: PluginObservables;
  /** The stack of the plugin's present phase. */
  stack: AsyncDisposableStack = new AsyncDisposableStack();
  readonly #own = new AsyncDisposableStack();
  readonly #joined: JoinedBus;

  constructor(joined: JoinedBus, options: LogicProcessOptions = {}) {
    this.#joined = joined;
    this.vortex = new Vortex({ ...joined, logger: this.log });
    const own = this.vortex.forPlugin("peek_core_platform", () => this.#own, this.log);
    const { changes = () => undefined, lingerMs = 30_000, hasStorage = true, ...others } = options;
    const { sessions = new TestSessions(), services = ["field", "office", "agent"], ...rest } = others;
    this.server = new ObservableServer({ rpc: own.rpc, sessions: sessions.check, changes, lingerMs, ...rest });
    this.observables = this.server.forPlugin({
      plugin,
      disposables: () => this.stack,
      logger: this.log,
      hasStorage,
      services,
    });
    this.server.serve();
  }

  /** Is gone without a word, as when it is killed. */
  async kill(): Promise<void> {
    await this.#joined.bus[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
    await this.server[Symbol.asyncDispose]();
    await this.#own.disposeAsync();
    await this.vortex[Symbol.asyncDispose]();
    await this.#joined.bus[Symbol.asyncDispose]();
  }
}
