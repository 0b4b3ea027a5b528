import { hash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { Semaphore } from "@peek/kit";
import type { PeekUser } from "@peek/plugin-base";
import { type CataloguePlugin, type WebCatalogue, webApiVersion } from "@peek/web/protocol";
import type { PluginPage, PluginRoutes } from "../plugin/PluginRoutes.ts";
import type { SiteName } from "../site/SiteName.ts";
import { type CatalogueModule, cataloguePluginOf } from "./cataloguePluginOf.ts";
import type { WebFolder } from "./readWebFolder.ts";
import type { WebFileStore } from "./WebFileStore.ts";
import type { WebModuleLoader } from "./WebModuleLoader.ts";
import type { WebModules } from "./WebModules.ts";

/** How many folders are read at a time. */
const parallelLoads = 4;
/** How many sets of groups are kept. */
const maxViews = 1000;
const etagDigits = 24;

/** The options of {@link WebCatalogues}. */
export interface WebCataloguesOptions {
  readonly site: SiteName;
  readonly title: string;
  /** The version of Peek. */
  readonly version: string;
  readonly canLogOut: boolean;
  readonly modules: WebModules;
  readonly plugins: PluginRoutes;
  readonly loader: WebModuleLoader;
  readonly store: WebFileStore;
}

/** The catalogue of one user. */
export interface UserCatalogue {
  /** In quotes, as the header has it. */
  readonly etag: string;
  /** Makes the text. */
  readonly body: () => string;
}

/** The plugins as users of the same groups see them. */
interface View {
  readonly plugins: readonly CataloguePlugin[];
  readonly hash: string;
}

/** The modules at one moment. */
interface Snapshot {
  readonly modules: readonly CatalogueModule[];
  readonly documents: readonly PluginPage[];
  /** All groups that a section names: users who differ in other groups see the same. */
  readonly groups: ReadonlySet<string>;
  readonly views: Map<string, View>;
}

/** Makes the catalogues of users. Each set of groups is computed once after a change. */
export class WebCatalogues {
  readonly #options: WebCataloguesOptions;
  readonly #loads = new Semaphore(parallelLoads);
  #snapshot: Snapshot | undefined;
  #running: Promise<void> = Promise.resolve();
  /** The run that follows the one under way, for all callers that wait. */
  #next: Promise<void> | undefined;

  constructor(options: WebCataloguesOptions) {
    this.#options = options;
  }

  /** Reads what has changed, before a call of {@link of} that has to show the present state. Never rejects. */
  async refresh(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      this.#running = this.#refresh();
      return this.#running;
    });
    await this.#next;
  }

  /** Calls a listener when {@link refresh} may find a change, until the result is disposed. */
  onChange(listener: () => void): Disposable {
    const listening = new DisposableStack();
    listening.use(this.#options.modules.onChange(listener));
    listening.use(this.#options.plugins.onPagesChange(listener));
    return listening;
  }

  /** The folder in the package of a module in the catalogue, if it has this hash. */
  folderOf(plugin: string, hash: string): WebFolder | undefined {
    const loaded = this.#snapshot?.modules.find(({ module }) => module.plugin === plugin)?.loaded;
    return loaded?.ok === true && loaded.hash === hash ? loaded.folder : undefined;
  }

  /** Removes the files of versions that are kept no longer. */
  async prune(): Promise<void> {
    const present = (this.#snapshot?.modules ?? []).flatMap(({ module, loaded }) =>
      loaded.ok ? [[module.plugin, loaded.hash] as const] : [],
    );
    await this.#options.store.prune(new Map(present));
  }

  async #refresh(): Promise<void> {
    const { modules, plugins, loader } = this.#options;
    const shown = modules.all();
    const documents = plugins.pages();
    const loaded = await Promise.all(
      shown.map((each) => this.#loads.run(async () => ({ ...each, loaded: await loader.load(each.module) }))),
    );
    if (!this.#isNew(loaded, documents)) return;
    this.#snapshot = { modules: loaded, documents, groups: groupsOf(loaded), views: new Map() };
    await this.prune();
  }

  /** The catalogue of a user, as of the last {@link refresh}. */
  of(user: PeekUser): UserCatalogue {
    const { site, title, version, canLogOut } = this.#options;
    const { plugins, hash: viewHash } = this.#viewOf(user);
    const documents = [...(this.#snapshot?.documents ?? [])];
    const { id, name, anonymous, groups } = user;
    const head = {
      site,
      title,
      version,
      webApi: webApiVersion,
      user: { id, name, anonymous, groups: [...groups] },
      canLogOut,
      live: site !== "admin",
      documents,
    };
    const etag = `"${hash("sha256", JSON.stringify(head) + viewHash).slice(0, etagDigits)}"`;
    const catalogue = (): WebCatalogue => ({ ...head, plugins: [...plugins] });
    return { etag, body: () => JSON.stringify(catalogue()) };
  }

  #viewOf(user: PeekUser): View {
    const { modules, groups, views } = this.#snapshot ?? { modules: [], groups: new Set<string>(), views: new Map() };
    const key = JSON.stringify(user.groups.filter((group) => groups.has(group)).sort());
    const known = views.get(key);
    if (known !== undefined) return known;
    const plugins = modules.flatMap((module) => cataloguePluginOf(module, user) ?? []).sort(byTitle);
    const view = { plugins, hash: hash("sha256", JSON.stringify(plugins)) };
    if (views.size >= maxViews) views.clear();
    views.set(key, view);
    return view;
  }

  #isNew(loaded: readonly CatalogueModule[], documents: readonly PluginPage[]): boolean {
    const before = this.#snapshot?.modules;
    if (before?.length !== loaded.length || !isDeepStrictEqual(documents, this.#snapshot?.documents)) return true;
    return loaded.some((each, index) => {
      const other = before[index];
      return other?.module !== each.module || other.state !== each.state || other.loaded !== each.loaded;
    });
  }
}

function groupsOf(modules: readonly CatalogueModule[]): ReadonlySet<string> {
  return new Set(
    modules.flatMap(({ module: { section } }) =>
      [section, ...section.routes, ...(section.commands ?? [])].flatMap(({ groups }) => groups ?? []),
    ),
  );
}

function byTitle(one: CataloguePlugin, other: CataloguePlugin): number {
  return one.title.localeCompare(other.title) || (one.name < other.name ? -1 : 1);
}
