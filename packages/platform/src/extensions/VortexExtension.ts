import { ensureLocalTokens, ExchangeAuthenticator, isLoopback, TokenStore } from "@peek/bus/identity";
import { PeekError } from "@peek/errors";
import type { PluginInfo } from "@peek/loader";
import type { Logger, PluginDisposables, PluginVortex } from "@peek/plugin-base";
import { type Bus, type BusMember, Exchange, makeInstanceName, MemoryBus } from "@peek/bus";
import { Vortex } from "@peek/vortex";
import type { WsExchange } from "@peek/bus/ws";
import { exchangeTls, followExchangeTls } from "../connection/exchangeTls.ts";
import { openRemoteBus } from "../connection/openRemoteBus.ts";
import type { ServiceStatus, VortexStatus } from "../status/ServiceStatus.ts";
import { platformPlugin, ServiceStatusRpc, statusReport } from "../status/serviceStatusRpc.ts";
import type { ExtensionOptions, ServiceExtension } from "./ServiceExtension.ts";

/** The dependencies of a {@link VortexExtension}. */
export interface VortexExtensionOptions extends ExtensionOptions {
  readonly version: string;
  /** When the process began to start. */
  readonly since: Date;
  /** The status that the service reports to others. */
  readonly status: () => Promise<ServiceStatus>;
  /** Called when the service can never connect to the others with its present configuration. */
  readonly onFatal: (error: PeekError) => void;
}

/** `platform.vortex`: the connection to the other services, for every plugin. */
export class VortexExtension implements ServiceExtension<{ readonly vortex: PluginVortex }> {
  readonly #options: VortexExtensionOptions;
  readonly #owned = new AsyncDisposableStack();
  #bus: Bus | undefined;
  #hub: WsExchange | undefined;
  #vortex: Vortex | undefined;
  #own: PluginVortex | undefined;

  constructor(options: VortexExtensionOptions) {
    this.#options = options;
  }

  /**
   * Begins to connect, or to accept connections. It does not wait for other services.
   *
   * @throws PeekError `EXCHANGE_PORT_UNUSABLE`, `TLS_UNUSABLE`, `TOKENS_UNUSABLE`, `CONFIG_INVALID` or `NATS_UNUSABLE`
   */
  async open(): Promise<void> {
    const { definition, config, status } = this.#options;
    // Over NATS, logic is a peer like the others.
    const isHub = definition.name === "logic" && config.dataExchange.nats.servers.length === 0;
    const member = await this.#member();
    const bus = await (isHub ? this.#openHub(member) : this.#openRemote(member));
    this.#bus = bus;
    const vortex = this.#owned.use(new Vortex({ bus, member, logger: this.#logger("Vortex") }));
    this.#vortex = vortex;
    const own = vortex.forPlugin(platformPlugin, () => this.#owned, this.#logger("ServiceStatus"));
    this.#own = own;
    own.rpc.serve(ServiceStatusRpc, { status: async () => statusReport(await status()) });
  }

  /** The scope of the platform itself, once the connection is open. */
  get own(): PluginVortex {
    if (this.#own === undefined) throw new PeekError("INTERNAL", "Vortex was used before it was opened.");
    return this.#own;
  }

  appliesTo(): boolean {
    return true;
  }

  openScope({ name }: PluginInfo, disposables: () => PluginDisposables): { readonly vortex: PluginVortex } {
    if (this.#vortex === undefined) throw new PeekError("INTERNAL", "Vortex was used before it was opened.");
    return { vortex: this.#vortex.forPlugin(name, disposables, this.#options.getLogger(`${name}.vortex`)) };
  }

  async suspend({ name }: PluginInfo, signal: AbortSignal): Promise<Disposable> {
    if (this.#vortex === undefined) throw new PeekError("INTERNAL", "Vortex was used before it was opened.");
    return await this.#vortex.suspend(name, signal);
  }

  /** The state of the connection, and the calls in progress; undefined before it was opened. */
  status(): VortexStatus | undefined {
    if (this.#bus === undefined || this.#vortex === undefined) return undefined;
    const { instance } = this.#bus.self;
    const port = this.#hub?.port;
    const { pending, waiting, running, queued } = this.#vortex.statistics();
    const calls = { pending, waiting, running, queued };
    return { instance, state: this.#bus.state, ...(port !== undefined && { port }), calls };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #openHub(member: BusMember): Promise<Bus> {
    const { definition, home, config } = this.#options;
    const { WsExchange } = await import("@peek/bus/ws");
    const logger = this.#logger("DataExchange");
    const site = config.httpServer.dataExchange;
    const tls = exchangeTls(site, home);
    const { withheld } = ensureLocalTokens(home);
    if (withheld.length > 0) {
      logger.warning("The services %s of this machine get no token: it was revoked", withheld.join(", "));
    }
    const tokens = this.#owned.use(new TokenStore(home));
    const authenticator = this.#owned.use(new ExchangeAuthenticator(tokens, site.sslEnableMutualTLS, logger));
    const exchange = new Exchange();
    const bus = this.#owned.use(new MemoryBus(exchange, definition.name, member));
    const hub = this.#owned.use(
      await WsExchange.listen({
        exchange,
        host: site.host,
        port: site.sitePort,
        tls,
        authenticator,
        heartbeatMs: config.dataExchange.heartbeatSeconds * 1000,
        logger,
        onFrame: () => bus.deliver(),
      }),
    );
    this.#hub = hub;
    this.#owned.use(followExchangeTls(site, home, (renewed) => hub.setTls(renewed), logger));
    if (tls === undefined && !isLoopback(site.host)) {
      logger.warning(
        "httpServer.dataExchange.useSsl is off: without TLS, anyone on the network can read the tokens of services on other machines",
      );
    }
    return bus;
  }

  async #openRemote(member: BusMember): Promise<Bus> {
    const { definition, home, config, onFatal } = this.#options;
    const logger = this.#logger("DataExchange");
    return this.#owned.use(await openRemoteBus({ service: definition.name, member, home, config, onFatal, logger }));
  }

  async #member(): Promise<BusMember> {
    const { definition, version, since } = this.#options;
    return { instance: makeInstanceName(definition.name), version, since: since.toISOString() };
  }

  #logger(name: string): Logger {
    return this.#options.getLogger(`peek_vortex.${name}`);
  }
}
