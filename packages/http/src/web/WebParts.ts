import type { HttpSiteOptions } from "../site/HttpSiteOptions.ts";
import { CatalogueSockets } from "./CatalogueSockets.ts";
import { Shell } from "./Shell.ts";
import type { SiteWeb } from "./SiteWeb.ts";
import { WebCatalogues } from "./WebCatalogues.ts";
import { WebFileStore } from "./WebFileStore.ts";
import { WebModuleLoader } from "./WebModuleLoader.ts";

/** How long requests wait for the plugins of a service that starts. */
const startMs = 20_000;
/** How often old files are looked for. */
const pruneMs = 3_600_000;

/** The parts of a site that serve its app. They are created with the first request. */
export class WebParts implements Disposable {
  readonly web: SiteWeb;
  readonly store: WebFileStore;
  readonly catalogues: WebCatalogues;
  readonly sockets: CatalogueSockets;
  readonly shell: Shell;
  readonly #pruning: NodeJS.Timeout;

  constructor({ site, title, sessions, plugins, logger, limits }: HttpSiteOptions, web: SiteWeb) {
    const { modules, version } = web;
    this.web = web;
    this.store = new WebFileStore(web.filesDir, logger);
    const loader = new WebModuleLoader(this.store, logger);
    const canLogOut = sessions.loginHandler !== undefined;
    this.catalogues = new WebCatalogues({
      ...{ site, title, version, canLogOut },
      ...{ modules, plugins, loader, store: this.store },
    });
    this.sockets = new CatalogueSockets({ modules, catalogues: this.catalogues, startMs, ...limits?.events });
    this.shell = new Shell(web.shellDir, this.store, logger);
    this.#pruning = setInterval(() => void this.catalogues.prune(), pruneMs);
    this.#pruning.unref();
  }

  /** Waits until the catalogue is complete, which it is not while the service starts. @returns Whether it is. */
  async complete(): Promise<boolean> {
    return await this.web.modules.complete(startMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#pruning);
    this.sockets[Symbol.dispose]();
  }
}
