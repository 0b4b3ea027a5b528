import type { CataloguePlugin } from "@peek/web/protocol";
import { refuseModule } from "../modules/refuseModule.ts";
import { pageUserMark } from "../session/pageUserMark.ts";
import { moduleCacheOf, moduleCaches } from "./moduleCacheOf.ts";

/** How long the app waits after a change, so that what the user does now comes first. */
const delayMs = 3000;
/** Devices that many people use keep the files of the users who came last. */
const maxUsers = 5;

/** Keeps the files of the plugins that the user may see on the device, for a start without a connection. */
export class ModuleKeeper implements Disposable {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = Promise.resolve();

  /** Keeps the files of these plugins, and removes all others, a moment later. */
  keep(plugins: readonly CataloguePlugin[]): void {
    clearTimeout(this.#timer);
    // Without HTTPS, browsers have no caches for pages.
    if (!("caches" in globalThis)) return;
    this.#timer = setTimeout(() => {
      // A failure is one of the network or of the device's storage: the next change of the catalogue tries again.
      this.#running = this.#running.then(() => keepModules(plugins)).catch(() => undefined);
    }, delayMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

async function keepModules(plugins: readonly CataloguePlugin[]): Promise<void> {
  const mark = pageUserMark();
  if (mark === undefined) return;
  const cache = await caches.open(moduleCacheOf(mark));
  const wanted = new Set(plugins.flatMap(filesOf));
  const kept = await cache.keys();
  for (const request of kept) if (!wanted.has(new URL(request.url).pathname)) await cache.delete(request);
  const present = new Set(kept.map(({ url }) => new URL(url).pathname));
  for (const file of wanted) if (!present.has(file)) await cache.add(file);
  const others = (await caches.keys()).filter((name) => name.startsWith(moduleCaches) && name !== moduleCacheOf(mark));
  for (const name of others.slice(0, -maxUsers)) await caches.delete(name);
}

function filesOf(plugin: CataloguePlugin): readonly string[] {
  const { module, styles, parts, problem } = plugin;
  return problem !== undefined || refuseModule(plugin) !== undefined ? [] : [module, ...styles, ...parts];
}
