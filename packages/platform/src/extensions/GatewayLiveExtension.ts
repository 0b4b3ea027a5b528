import { clientPath } from "@peek/live-protocol";
import { PeekError } from "@peek/errors";
import { PluginScopes } from "@peek/kit";
import type { ExposedContracts, Gateway } from "@peek/live/gateway";
import type { PluginInfo } from "@peek/loader";
import type { PluginDisposables } from "@peek/plugin-base";
import type { PlatformParts } from "@peek/plugin-base/internal";
import type { LiveStatus } from "../status/ServiceStatus.ts";
import type { HttpExtension } from "./HttpExtension.ts";
import type { ExtensionOptions, ServiceExtension } from "./ServiceExtension.ts";
import type { VortexExtension } from "./VortexExtension.ts";

/** How long browsers may take to go elsewhere. */
const drainMs = 4000;

type LiveParts = Pick<PlatformParts<"field">, "observables" | "actions">;

interface Opened {
  readonly gateway: Gateway;
  readonly exposed: ExposedContracts;
  readonly scopeOf: (plugin: string, disposables: () => PluginDisposables) => LiveParts;
}

/** On field and office, `platform.observables` and `platform.actions`: what their browsers may watch and push. */
export class GatewayLiveExtension implements ServiceExtension<LiveParts> {
  readonly #options: ExtensionOptions;
  readonly #vortex: Pick<VortexExtension, "own">;
  readonly #http: HttpExtension;
  #opened: Opened | undefined;

  constructor(
    options: ExtensionOptions,
    from: { readonly vortex: Pick<VortexExtension, "own">; readonly http: HttpExtension },
  ) {
    this.#options = options;
    this.#vortex = from.vortex;
    this.#http = from.http;
  }

  appliesTo(): boolean {
    return true;
  }

  /** Once the connection to the other services is open, and before the site is. */
  async open(): Promise<void> {
    const { ExposedContracts, Gateway, ScopedExposedContracts } = await import("@peek/live/gateway");
    const { definition, getLogger } = this.#options;
    const { rpc, presence } = this.#vortex.own;
    const exposed = new ExposedContracts();
    const gateway = new Gateway({ rpc, presence, exposed, logger: getLogger("peek_live.Gateway") });
    this.#http.onUpgrade(
      clientPath,
      (request, socket, head, session) => gateway.accept(request, socket, head, session),
      (request, socket, head) => gateway.refuseUnknown(request, socket, head),
    );
    const scopeOf: Opened["scopeOf"] = (plugin, disposables) =>
      new ScopedExposedContracts(plugin, new PluginScopes(plugin, disposables), exposed, definition.name);
    this.#opened = { gateway, exposed, scopeOf };
  }

  openScope({ name }: PluginInfo, disposables: () => PluginDisposables): LiveParts {
    if (this.#opened === undefined) throw new PeekError("INTERNAL", "A scope was opened before the live data.");
    const { observables, actions } = this.#opened.scopeOf(name, disposables);
    return { observables, actions };
  }

  /** Nothing of the plugin runs for browsers here: there is no work to wait for. */
  suspend({ name }: PluginInfo): Promise<Disposable> {
    if (this.#opened === undefined)
      throw new PeekError("INTERNAL", "A plugin was suspended before the live data was opened.");
    return Promise.resolve(this.#opened.exposed.suspend(name));
  }

  /** How many channels are shown, which of them are stale, and the load by browsers; undefined before it was opened. */
  status(): LiveStatus | undefined {
    if (this.#opened === undefined) return undefined;
    const { connections, subscriptions, bufferedBytes, largeFrameBytes, lagging, actions } =
      this.#opened.gateway.statistics();
    const waitingBytes = bufferedBytes + largeFrameBytes;
    return {
      ...this.#opened.gateway.stale(),
      browsers: { connections, subscriptions, lagging, waitingBytes, actions },
    };
  }

  async drain(): Promise<void> {
    await this.#opened?.gateway.drain(AbortSignal.timeout(drainMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened?.gateway[Symbol.asyncDispose]();
  }
}
