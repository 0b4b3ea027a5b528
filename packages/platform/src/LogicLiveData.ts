import type { PluginInfo } from "@peek/loader";
import { type Logger, type PluginDisposables, type PluginRpc, serviceNames } from "@peek/plugin-base";
import type { ActionLedger, ChangeSource, SessionCheck } from "@peek/plugin-base/internal";
import { ActionServer, ObservableServer, type StaleStatus } from "@peek/live/logic";
import type { LiveData } from "./LiveData.ts";

/** What {@link LogicLiveData} works with. */
export interface LogicLiveDataOptions {
  /** The platform's own. */
  readonly rpc: PluginRpc;
  /** Tells on whose behalf field and office ask. */
  readonly sessions: SessionCheck;
  /** How tables are followed; undefined where there is no database. */
  readonly changes: () => ChangeSource | undefined;
  /** What records actions; undefined where there is no database. */
  readonly ledger: () => ActionLedger | undefined;
  readonly getLogger: (name: string) => Logger;
}

/** On logic: what plugins provide, and which actions they execute. */
export class LogicLiveData implements LiveData {
  readonly #options: LogicLiveDataOptions;
  readonly #observables: ObservableServer;
  readonly #actions: ActionServer;

  constructor(options: LogicLiveDataOptions) {
    this.#options = options;
    const { rpc, sessions, changes } = options;
    this.#observables = new ObservableServer({ rpc, sessions, changes });
    this.#actions = new ActionServer({ rpc, sessions, channels: this.#observables });
  }

  openScope({ name, manifest }: PluginInfo, disposables: () => PluginDisposables): Readonly<Record<string, unknown>> {
    const { getLogger, ledger } = this.#options;
    const hasStorage = manifest.requiresServices.includes("storage");
    const services = serviceNames.filter((each) => manifest.requiresServices.includes(each));
    const logger = getLogger(`${name}.observables`);
    return {
      observables: this.#observables.forPlugin({ plugin: name, disposables, logger, hasStorage, services }),
      actions: this.#actions.forPlugin(
        name,
        disposables,
        getLogger(`${name}.actions`),
        hasStorage ? ledger() : undefined,
        services,
      ),
    };
  }

  status(): StaleStatus {
    return this.#observables.stale();
  }

  begin(): void {
    this.#observables.serve();
    this.#actions.serve();
  }

  async drain(): Promise<void> {
    // Field and office see that it is gone, and wait: nobody is told that something is not there which is about to stop.
    await Promise.all([this.#observables.retire(), this.#actions.retire()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#observables[Symbol.asyncDispose](), this.#actions[Symbol.asyncDispose]()]);
  }
}
