import { PeekError } from "@peek/errors";
import type { PlatformExtension, PluginInfo } from "@peek/loader";
import type { Logger, PluginDisposables, PluginVortex } from "@peek/plugin-base";
import type { ActionLedger, ChangeSource } from "@peek/plugin-base/internal";
import type { StaleStatus } from "@peek/live/logic";
import type { HttpExtension } from "./HttpExtension.ts";
import type { LiveData } from "./LiveData.ts";
import type { ServiceDefinition } from "./ServiceDefinition.ts";
import { siteOf } from "./siteOf.ts";

/** What a {@link LiveExtension} works with. */
export interface LiveExtensionOptions {
  readonly definition: ServiceDefinition;
  /** Where browsers connect. */
  readonly http: HttpExtension;
  /** How tables are followed; undefined where there is no database. */
  readonly changes: () => ChangeSource | undefined;
  /** What records actions; undefined where there is no database. */
  readonly ledger: () => ActionLedger | undefined;
  readonly getLogger: (name: string) => Logger;
}

/** `platform.observables` and `platform.actions`: live data between logic and browsers. */
export class LiveExtension implements PlatformExtension, AsyncDisposable {
  readonly #options: LiveExtensionOptions;
  #live: LiveData | undefined;

  constructor(options: LiveExtensionOptions) {
    this.#options = options;
  }

  appliesTo(): boolean {
    return siteOf(this.#options.definition.name) !== undefined;
  }

  /** @param own What the platform itself has of Vortex. */
  async open({ rpc, presence }: PluginVortex): Promise<void> {
    const { definition, http, changes, ledger, getLogger } = this.#options;
    if (!this.appliesTo()) return;
    if (definition.name === "logic") {
      const { LogicLiveData } = await import("./LogicLiveData.ts");
      this.#live = new LogicLiveData({ rpc, sessions: http.sessions, changes, ledger, getLogger });
      return;
    }
    const { GatewayLiveData } = await import("./GatewayLiveData.ts");
    const live = new GatewayLiveData({ service: definition.name, rpc, presence, getLogger });
    http.onUpgrade(live.path, live.onUpgrade, live.onLoginNeeded);
    this.#live = live;
  }

  openScope(plugin: PluginInfo, disposables: () => PluginDisposables): Readonly<Record<string, unknown>> {
    if (this.#live === undefined) throw new PeekError("INTERNAL", "Live data was asked for before it was opened.");
    return this.#live.openScope(plugin, disposables);
  }

  /** What of all that is watched is not known to be current; undefined where nothing is watched, or before it was opened. */
  status(): StaleStatus | undefined {
    return this.#live?.status();
  }

  /** All plugins have had their turn to start. */
  begin(): void {
    this.#live?.begin();
  }

  /** Has browsers go elsewhere, since the service is about to stop. */
  async drain(): Promise<void> {
    await this.#live?.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#live?.[Symbol.asyncDispose]();
  }
}
