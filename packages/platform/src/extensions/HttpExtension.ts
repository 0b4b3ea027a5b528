import type { TlsBundle } from "@peek/bus/identity";
import { PeekError } from "@peek/errors";
import type { HttpSite, LoginNeededHandler, PluginRoutes, SiteName, UpgradeHandler, WebModules } from "@peek/http";
import type { PluginGeneration, PluginInfo } from "@peek/loader";
import type { Logger, PluginDisposables, PluginHttp } from "@peek/plugin-base";
import type { SessionCheck } from "@peek/plugin-base/internal";
import { followSiteTls, siteTls } from "../site/siteTls.ts";

import type { SiteStatus } from "../status/ServiceStatus.ts";
import type { ExtensionOptions, ServiceExtension } from "./ServiceExtension.ts";
import type { VortexExtension } from "./VortexExtension.ts";

/** The dependencies of an {@link HttpExtension}. */
export interface HttpExtensionOptions extends ExtensionOptions {
  /** Why the service is not ready, in sentences for an operator; empty when it is ready. */
  readonly health: () => readonly string[];
}

/** How long to wait before trying again to listen on a port that is in use. */
const retryMs = 1000;

/** `platform.http`: the site of logic, field and office. */
export class HttpExtension implements ServiceExtension<{ readonly http: PluginHttp }> {
  readonly #options: HttpExtensionOptions;
  readonly #name: SiteName;
  readonly #vortex: Pick<VortexExtension, "own">;
  readonly #owned = new AsyncDisposableStack();
  readonly #upgrades: { readonly path: string; readonly take: UpgradeHandler; readonly refuse: LoginNeededHandler }[] =
    [];
  #plugins: PluginRoutes | undefined;
  #modules: WebModules | undefined;
  #check: SessionCheck | undefined;
  #site: HttpSite | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param name The site's name in `httpServer` of config.json.
   * @param vortex How field and office ask logic for users.
   */
  constructor(options: HttpExtensionOptions, name: SiteName, vortex: Pick<VortexExtension, "own">) {
    this.#options = options;
    this.#name = name;
    this.#vortex = vortex;
  }

  /** On logic, checks the sessions on whose behalf other services act. Before the site is open, there are none. */
  readonly sessions: SessionCheck = (proof, from) =>
    this.#check?.(proof, from) ?? {
      ok: false,
      code: "SESSION_ENDED",
      message: "Logic is starting and knows no sessions yet.",
    };

  appliesTo(): boolean {
    return true;
  }

  /**
   * Begins to listen; when the port is in use, as soon as it is free. Once the connection to the other services is open.
   *
   * @throws PeekError `HTTP_PORT_UNUSABLE` when it cannot listen on the address, `TLS_UNUSABLE`, or `USERS_UNUSABLE`
   */
  async open(): Promise<void> {
    const { HttpSite, PluginRoutes, WebModules } = await import("@peek/http");
    const { openSiteWeb } = await import("../site/openSiteWeb.ts");
    const { openSessions } = await import("../site/openSessions.ts");
    const { definition, home, config, health } = this.#options;
    const { rpc } = this.#vortex.own;
    const site = config.httpServer[this.#name];
    const logger = this.#logger("HttpSite");
    const plugins = new PluginRoutes();
    this.#plugins = plugins;
    this.#owned.use(plugins);
    const modules = this.#owned.use(new WebModules());
    this.#modules = modules;
    const { provider: sessions, check } = openSessions(
      { definition, home, config, anonymous: site.anonymous, rpc, logger: this.#logger("Users") },
      this.#owned,
    );
    this.#check = check;
    const web = openSiteWeb(
      { definition, home, site: this.#name, modules, rpc, logger: this.#logger("WebModules") },
      this.#owned,
    );
    const tls = siteTls(site, home);
    const listen = (): Promise<HttpSite> =>
      HttpSite.listen({
        title: `Peek ${this.#name}`,
        site: this.#name,
        service: definition.name,
        host: site.host,
        port: site.sitePort,
        tls,
        trustProxy: site.trustProxy,
        allowedOrigins: site.allowedOrigins,
        allowedHosts: site.allowedHosts,
        frameOrigins: site.frameOrigins,
        trustedTypes: site.trustedTypes,
        logger,
        sessions,
        health,
        plugins,
        web,
      });
    await this.#tryToListen(listen, (opened) => this.#opened(opened), logger);
  }

  /**
   * Hands the WebSockets of a path to handlers. Called before {@link open}.
   *
   * @param refuse Handles the WebSockets of browsers that have to log in.
   */
  onUpgrade(path: string, take: UpgradeHandler, refuse: LoginNeededHandler): void {
    this.#upgrades.push({ path, take, refuse });
  }

  openScope(plugin: PluginGeneration, disposables: () => PluginDisposables): { readonly http: PluginHttp } {
    if (this.#plugins === undefined || this.#modules === undefined)
      throw new PeekError("INTERNAL", "The site was used before it was opened.");
    const { name, rootDir, generation, manifest } = plugin;
    const section = manifest[this.#name]?.web;
    const { title, version } = manifest.plugin;
    if (section !== undefined)
      this.#modules.add({ plugin: name, generation, title, version, rootDir, section }, disposables());
    const logger = this.#options.getLogger(`${name}.http`);
    return { http: this.#plugins.forPlugin(name, rootDir, disposables, logger) };
  }

  started(plugin: PluginGeneration): void {
    this.#modules?.started(plugin);
  }

  /** All plugins have been started or have failed: browsers get the catalogue of their web modules. */
  begin(): void {
    this.#modules?.begin();
  }

  async suspend({ name }: PluginInfo, signal: AbortSignal): Promise<Disposable> {
    if (this.#plugins === undefined || this.#modules === undefined)
      throw new PeekError("INTERNAL", "A plugin was suspended before the site was opened.");
    const held = new DisposableStack();
    held.use(this.#modules.suspend(name));
    held.use(await this.#plugins.suspend(name, signal));
    return held;
  }

  /** The name and port of the site; undefined before it was opened. */
  status(): SiteStatus | undefined {
    if (this.#plugins === undefined) return undefined;
    const port = this.#site?.port;
    return { name: this.#name, ...(port !== undefined && { port }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#owned.disposeAsync();
  }

  #opened(site: HttpSite): void {
    const { home, config } = this.#options;
    this.#site = site;
    this.#owned.use(site);
    for (const { path, take, refuse } of this.#upgrades) site.onUpgrade(path, take, refuse);
    const setTls = (tls: TlsBundle): void => site.setTls(tls);
    this.#owned.use(followSiteTls(config.httpServer[this.#name], home, setTls, this.#logger("HttpSite")));
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
      if (!isPortInUse(error)) throw error;
      if (isFirst) logger.error({ code: error.code, ...error.fields }, "%s Trying again every second", error.message);
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

function isPortInUse(error: unknown): error is PeekError {
  if (!PeekError.is(error) || error.code !== "HTTP_PORT_UNUSABLE") return false;
  const { cause } = error;
  return cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
}
