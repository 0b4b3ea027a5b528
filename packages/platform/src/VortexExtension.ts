import type { ServiceConfig, ServiceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { PlatformExtension, PluginInfo } from "@peek/loader";
import type { Logger, PluginDisposables, PluginVortex } from "@peek/plugin-base";
import type { Bus, BusMember } from "@peek/bus";
import type { Vortex } from "@peek/vortex";
import type { WsExchange } from "@peek/bus/ws";
import { openRemoteBus } from "./openRemoteBus.ts";
import type { ServiceDefinition } from "./ServiceDefinition.ts";
import type { ServiceStatus, VortexStatus } from "./ServiceStatus.ts";
import { platformPlugin, ServiceStatusRpc, toldStatus } from "./serviceStatusRpc.ts";

/** What a {@link VortexExtension} works with. */
export interface VortexExtensionOptions {
  readonly definition: ServiceDefinition;
  readonly version: string;
  /** When the process began to start. */
  readonly since: Date;
  readonly home: ServiceHome;
  readonly config: ServiceConfig;
  /** What the service tells others of itself. */
  readonly status: () => Promise<ServiceStatus>;
  /** Told when the way to the others can never be used as things are. */
  readonly onFatal: (error: PeekError) => void;
  readonly getLogger: (name: string) => Logger;
}

/** `platform.vortex`: the way to the other services, for every plugin. */
export class VortexExtension implements PlatformExtension, AsyncDisposable {
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
   * Begins to connect, or to let others connect. It does not wait for anybody.
   *
   * @throws PeekError `EXCHANGE_PORT_UNUSABLE`, `TLS_UNUSABLE`, `TOKENS_UNUSABLE`, `CONFIG_INVALID` or `NATS_UNUSABLE`
   */
  async open(): Promise<void> {
    const { definition, config, status } = this.#options;
    const { Vortex } = await import("@peek/vortex");
    // Over NATS nobody is in the middle.
    const isHub = definition.name === "logic" && config.dataExchange.nats.servers.length === 0;
    const member = await this.#member();
    const bus = await (isHub ? this.#openHub(member) : this.#openRemote(member));
    this.#bus = bus;
    const vortex = this.#owned.use(new Vortex({ bus, member, logger: this.#logger("Vortex") }));
    this.#vortex = vortex;
    const own = vortex.forPlugin(platformPlugin, () => this.#owned, this.#logger("ServiceStatus"));
    this.#own = own;
    own.rpc.serve(ServiceStatusRpc, { status: async () => toldStatus(await status()) });
  }

  /** What the platform itself has of Vortex, once it was opened. */
  get own(): PluginVortex {
    if (this.#own === undefined) throw new PeekError("INTERNAL", "Vortex was asked for before it was opened.");
    return this.#own;
  }

  appliesTo(): boolean {
    return true;
  }

  openScope({ name }: PluginInfo, disposables: () => PluginDisposables): Readonly<Record<string, unknown>> {
    if (this.#vortex === undefined) throw new PeekError("INTERNAL", "Vortex was asked for before it was opened.");
    return { vortex: this.#vortex.forPlugin(name, disposables, this.#options.getLogger(`${name}.vortex`)) };
  }

  /** What is known of the connection; undefined before it was opened. */
  status(): VortexStatus | undefined {
    if (this.#bus === undefined) return undefined;
    const { instance } = this.#bus.self;
    const port = this.#hub?.port;
    return { instance, state: this.#bus.state, ...(port !== undefined && { port }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #openHub(member: BusMember): Promise<Bus> {
    const { definition, home, config } = this.#options;
    const { Exchange, MemoryBus } = await import("@peek/bus");
    const { WsExchange } = await import("@peek/bus/ws");
    const { ensureLocalTokens, ExchangeAuthenticator, isLoopback, TokenStore } = await import("@peek/bus/identity");
    const logger = this.#logger("DataExchange");
    const site = config.httpServer.dataExchange;
    const { exchangeTls, followExchangeTls } = await import("./exchangeTls.ts");
    const tls = exchangeTls(site, home);
    const { withheld } = ensureLocalTokens(home);
    if (withheld.length > 0) logger.warning("No token for this machine's %s: it was revoked", withheld.join(", "));
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
        onFrame: () => bus.settle(),
      }),
    );
    this.#hub = hub;
    this.#owned.use(followExchangeTls(site, home, (renewed) => hub.setTls(renewed), logger));
    if (tls === undefined && !isLoopback(site.host)) {
      logger.warning(
        "Without TLS (httpServer.dataExchange.useSsl), whoever listens in the network can read the tokens of services on other machines",
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
    const { makeInstanceName } = await import("@peek/bus");
    return { instance: makeInstanceName(definition.name), version, since: since.toISOString() };
  }

  #logger(name: string): Logger {
    return this.#options.getLogger(`peek_vortex.${name}`);
  }
}
