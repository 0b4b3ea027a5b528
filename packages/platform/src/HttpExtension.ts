import type { ServiceConfig, ServiceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { HttpSite, LoginNeededHandler, PluginSites, UpgradeHandler } from "@peek/http";
import type { PlatformExtension, PluginInfo } from "@peek/loader";
import type { Logger, PluginDisposables, PluginRpc } from "@peek/plugin-base";
import type { SessionCheck } from "@peek/plugin-base/internal";
import type { ServiceDefinition } from "./ServiceDefinition.ts";
import type { SiteStatus } from "./ServiceStatus.ts";
import { siteOf } from "./siteOf.ts";
import { followSiteTls, siteTls } from "./siteTls.ts";

/** What an {@link HttpExtension} works with. */
export interface HttpExtensionOptions {
  readonly definition: ServiceDefinition;
  readonly home: ServiceHome;
  readonly config: ServiceConfig;
  /** What is not ready, in words for an operator. */
  readonly health: () => readonly string[];
  readonly getLogger: (name: string) => Logger;
}

/** How long a taken port is waited for until the next try; milliseconds. */
const retryMs = 1000;

/** `platform.http`: the site of logic, field and office. */
export class HttpExtension implements PlatformExtension, AsyncDisposable {
  readonly #options: HttpExtensionOptions;
  readonly #owned = new AsyncDisposableStack();
  readonly #upgrades: { readonly path: string; readonly take: UpgradeHandler; readonly refuse: LoginNeededHandler }[] =
    [];
  #plugins: PluginSites | undefined;
  #check: SessionCheck | undefined;
  #site: HttpSite | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: HttpExtensionOptions) {
    this.#options = options;
  }

  /** On logic, tells on whose behalf other services act: nobody's before it was opened. */
  readonly sessions: SessionCheck = (proof, from) =>
    this.#check?.(proof, from) ?? { ok: false, code: "SESSION_ENDED", message: "Logic knows no sessions yet." };

  appliesTo(): boolean {
    return siteOf(this.#options.definition.name) !== undefined;
  }

  /**
   * Begins to listen; when the port is taken, as soon as it is free.
   *
   * @param rpc The platform's own, by which users are asked for at logic.
   * @throws PeekError `HTTP_PORT_UNUSABLE` when the address cannot be listened on, `TLS_UNUSABLE`, or `USERS_UNUSABLE`
   */
  async open(rpc: PluginRpc): Promise<void> {
    const name = siteOf(this.#options.definition.name);
    if (name === undefined) return;
    const { HttpSite, PluginSites } = await import("@peek/http");
    const { openSessions } = await import("./openSessions.ts");
    const { definition, home, config, health } = this.#options;
    const site = config.httpServer[name];
    const logger = this.#logger("HttpSite");
    const plugins = new PluginSites();
    this.#plugins = plugins;
    const { provider: sessions, check } = openSessions(
      { definition, home, config, anonymous: site.anonymous, rpc, logger: this.#logger("Users") },
      this.#owned,
    );
    this.#check = check;
    const tls = siteTls(site, home);
    const listen = (): Promise<HttpSite> =>
      HttpSite.listen({
        title: `Peek ${definition.name}`,
        site: name,
        service: definition.name,
        host: site.host,
        port: site.sitePort,
        tls,
        trustProxy: site.trustProxy,
        allowedOrigins: site.allowedOrigins,
        allowedHosts: site.allowedHosts,
        logger,
        sessions,
        health,
        plugins,
      });
    await this.#tryToListen(listen, (opened) => this.#opened(opened), logger);
  }

  /**
   * Has functions take over the WebSockets of a path. Called before {@link open}.
   *
   * @param refuse Takes those of browsers that have to log in.
   */
  onUpgrade(path: string, take: UpgradeHandler, refuse: LoginNeededHandler): void {
    this.#upgrades.push({ path, take, refuse });
  }

  openScope({ name, rootDir }: PluginInfo, disposables: () => PluginDisposables): Readonly<Record<string, unknown>> {
    if (this.#plugins === undefined) throw new PeekError("INTERNAL", "The site was asked for before it was opened.");
    const logger = this.#options.getLogger(`${name}.http`);
    return { http: this.#plugins.forPlugin(name, rootDir, disposables, logger) };
  }

  /** What is known of the site; undefined where there is none, or before it was opened. */
  status(): SiteStatus | undefined {
    const name = siteOf(this.#options.definition.name);
    if (name === undefined || this.#plugins === undefined) return undefined;
    const port = this.#site?.port;
    return { name, ...(port !== undefined && { port }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#owned.disposeAsync();
  }

  #opened(site: HttpSite): void {
    const { definition, home, config } = this.#options;
    const name = siteOf(definition.name);
    if (name === undefined) return;
    this.#site = site;
    this.#owned.use(site);
    for (const { path, take, refuse } of this.#upgrades) site.onUpgrade(path, take, refuse);
    this.#owned.use(followSiteTls(config.httpServer[name], home, (tls) => site.setTls(tls), this.#logger("HttpSite")));
  }

  async #tryToListen(
    listen: () => Promise<HttpSite>,
    opened: (site: HttpSite) => void,
    logger: Logger,
    isFirst = true,
  ): Promise<void> {
    try {
      const site = await listen();
      if (this.#isClosed) await site[Symbol.asyncDispose]();
      else opened(site);
    } catch (error) {
      if (!isTaken(error)) throw error;
      if (isFirst)
        logger.error({ code: error.code, ...error.fields }, "%s It is tried again each second", error.message);
      const again = (): void => {
        this.#tryToListen(listen, opened, logger, false).catch((thrown: unknown) =>
          logger.error({ err: thrown }, "The site cannot be opened: %s", thrown),
        );
      };
      if (!this.#isClosed) this.#retry = setTimeout(again, retryMs);
    }
  }

  #logger(name: string): Logger {
    return this.#options.getLogger(`peek_http.${name}`);
  }
}

function isTaken(error: unknown): error is PeekError {
  if (!PeekError.is(error) || error.code !== "HTTP_PORT_UNUSABLE") return false;
  const { cause } = error;
  return cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
}
