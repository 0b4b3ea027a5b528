import { PeekError } from "@peek/errors";
import type { ActionServer, ObservableServer } from "@peek/live/logic";
import type { PluginInfo } from "@peek/loader";
import { type PluginDisposables, serviceNames } from "@peek/plugin-base";
import type { PlatformParts } from "@peek/plugin-base/internal";
import type { LiveStatus } from "../status/ServiceStatus.ts";
import type { HttpExtension } from "./HttpExtension.ts";
import type { ExtensionOptions, ServiceExtension } from "./ServiceExtension.ts";
import type { StorageExtension } from "./StorageExtension.ts";
import type { VortexExtension } from "./VortexExtension.ts";

type LiveParts = Pick<PlatformParts<"logic">, "observables" | "actions">;

/** On logic, `platform.observables` and `platform.actions`: what plugins provide, and the actions that they execute. */
export class LogicLiveExtension implements ServiceExtension<LiveParts> {
  readonly #getLogger: ExtensionOptions["getLogger"];
  readonly #vortex: Pick<VortexExtension, "own">;
  readonly #storage: StorageExtension;
  readonly #http: HttpExtension;
  #opened: { readonly observables: ObservableServer; readonly actions: ActionServer } | undefined;

  constructor(
    { getLogger }: ExtensionOptions,
    from: {
      readonly vortex: Pick<VortexExtension, "own">;
      readonly storage: StorageExtension;
      readonly http: HttpExtension;
    },
  ) {
    this.#getLogger = getLogger;
    this.#vortex = from.vortex;
    this.#storage = from.storage;
    this.#http = from.http;
  }

  appliesTo(): boolean {
    return true;
  }

  /** Once the connection to the other services is open. */
  async open(): Promise<void> {
    const { ActionServer, ObservableServer } = await import("@peek/live/logic");
    const { rpc } = this.#vortex.own;
    const { sessions } = this.#http;
    const observables = new ObservableServer({ rpc, sessions, changes: () => this.#storage.changes });
    const actions = new ActionServer({ rpc, sessions, channels: observables });
    this.#opened = { observables, actions };
  }

  openScope({ name, manifest }: PluginInfo, disposables: () => PluginDisposables): LiveParts {
    const { observables, actions } = this.#use();
    const hasStorage = manifest.requiresServices.includes("storage");
    const services = serviceNames.filter((each) => manifest.requiresServices.includes(each));
    const logger = this.#getLogger(`${name}.observables`);
    return {
      observables: observables.forPlugin({ plugin: name, disposables, logger, hasStorage, services }),
      actions: actions.forPlugin(
        name,
        disposables,
        this.#getLogger(`${name}.actions`),
        hasStorage ? this.#storage.ledger : undefined,
        services,
      ),
    };
  }

  async suspend({ name }: PluginInfo, signal: AbortSignal): Promise<Disposable> {
    const { observables, actions } = this.#use();
    // Together: both hold back work from now on.
    const suspending = [actions.suspend(name, signal), observables.suspend(name, signal)];
    const suspensions = new DisposableStack();
    for (const suspension of suspending) suspensions.use(await suspension);
    return suspensions;
  }

  /** The load by channels, and the stale ones; undefined before it was opened. */
  status(): LiveStatus | undefined {
    if (this.#opened === undefined) return undefined;
    const { observables, followers, loads, historyChars } = this.#opened.observables.statistics();
    return { ...this.#opened.observables.stale(), provided: { observables, followers, loads, historyChars } };
  }

  begin(): void {
    this.#opened?.observables.serve();
    this.#opened?.actions.serve();
  }

  async drain(): Promise<void> {
    // Field and office see that logic is gone, and wait: nothing is reported as unknown because logic is about to stop.
    await Promise.all([this.#opened?.observables.retire(), this.#opened?.actions.retire()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#opened?.observables[Symbol.asyncDispose](), this.#opened?.actions[Symbol.asyncDispose]()]);
  }

  #use(): { readonly observables: ObservableServer; readonly actions: ActionServer } {
    if (this.#opened !== undefined) return this.#opened;
    throw new PeekError("INTERNAL", "The live data was used before it was opened.");
  }
}
