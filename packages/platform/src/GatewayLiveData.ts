import type { LoginNeededHandler, UpgradeHandler } from "@peek/http";
import type { PluginInfo } from "@peek/loader";
import type { Logger, PluginDisposables, PluginPresence, PluginRpc, ServiceName } from "@peek/plugin-base";
import { clientPath } from "@peek/live-protocol";
import { Exposure, Gateway, ObservableProxy, RpcActionRunner, ScopedExposure } from "@peek/live/gateway";
import { PluginScopes } from "@peek/kit";
import { type StaleStatus } from "@peek/live/logic";
import type { LiveData } from "./LiveData.ts";

/** What {@link GatewayLiveData} works with. */
export interface GatewayLiveDataOptions {
  readonly service: ServiceName;
  /** The platform's own. */
  readonly rpc: PluginRpc;
  readonly presence: PluginPresence;
  readonly getLogger: (name: string) => Logger;
}

/** How long browsers may take to go elsewhere; milliseconds. */
const drainMs = 4000;

/** On field and office: what their browsers watch and push. */
export class GatewayLiveData implements LiveData {
  /** The path of the WebSockets. */
  readonly path = clientPath;
  readonly #exposure = new Exposure();
  readonly #proxy: ObservableProxy;
  readonly #gateway: Gateway;

  readonly #service: ServiceName;

  constructor({ service, rpc, presence, getLogger }: GatewayLiveDataOptions) {
    this.#service = service;
    this.#proxy = new ObservableProxy({ rpc, presence, logger: getLogger("peek_vortex.ObservableProxy") });
    this.#gateway = new Gateway({
      channels: this.#proxy,
      actions: new RpcActionRunner(rpc),
      exposed: this.#exposure,
      logger: getLogger("peek_vortex.Gateway"),
    });
  }

  /** Takes the WebSockets of browsers. */
  readonly onUpgrade: UpgradeHandler = (request, socket, head, session) =>
    this.#gateway.accept(request, socket, head, session);

  /** Takes those of browsers that have to log in. */
  readonly onLoginNeeded: LoginNeededHandler = (request, socket, head) =>
    this.#gateway.refuseUnknown(request, socket, head);

  openScope({ name }: PluginInfo, disposables: () => PluginDisposables): Readonly<Record<string, unknown>> {
    const { observables, actions } = new ScopedExposure(
      name,
      new PluginScopes(name, disposables, () => undefined),
      this.#exposure,
      this.#service,
    );
    return { observables, actions };
  }

  status(): StaleStatus {
    return this.#proxy.stale();
  }

  begin(): void {
    // Browsers are let in as soon as the site listens; what is not exposed yet, they ask for again.
  }

  async drain(): Promise<void> {
    await this.#gateway.drain(AbortSignal.timeout(drainMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway[Symbol.asyncDispose]();
    await this.#proxy[Symbol.asyncDispose]();
  }
}
