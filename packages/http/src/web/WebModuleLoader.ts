import { stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { type BuiltWeb, builtWebFile } from "@peek/web/protocol";
import { hashWebFolder } from "./hashWebFolder.ts";
import { audienceOf } from "./maySee.ts";
import { readWebFolder, type WebFolder } from "./readWebFolder.ts";
import type { WebFileStore } from "./WebFileStore.ts";
import type { WebModule } from "./WebModules.ts";

/** A web module whose folder has been read. */
export type LoadedWebModule =
  | {
      readonly ok: true;
      readonly hash: string;
      readonly built: BuiltWeb;
      /** The folder in the package, for files of which there is no copy. */
      readonly folder: WebFolder;
    }
  | { readonly ok: false; readonly problem: PeekError };

interface Reading {
  /** Changes with the description's file. */
  readonly signature: string;
  readonly loaded: Promise<LoadedWebModule>;
}

/** Reads the folders of web modules, each generation once, and again after its peek-web.json has changed: a build has run. */
export class WebModuleLoader {
  readonly #store: WebFileStore;
  readonly #logger: Logger;
  readonly #readings = new WeakMap<WebModule, Reading>();
  /** The generations whose problem has been logged. */
  readonly #logged = new WeakSet<WebModule>();

  constructor(store: WebFileStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** Reads a module. A mistake of the plugin is in the result. */
  async load(module: WebModule): Promise<LoadedWebModule> {
    const signature = await signatureOf(join(module.rootDir, module.section.dir, builtWebFile));
    const known = this.#readings.get(module);
    if (known?.signature === signature) return await known.loaded;
    const loaded = this.#load(module);
    this.#readings.set(module, { signature, loaded });
    return await loaded;
  }

  async #load(module: WebModule): Promise<LoadedWebModule> {
    try {
      const folder = await readWebFolder(module);
      const hash = await hashWebFolder(folder);
      await this.#keep(module, folder, hash);
      return { ok: true, hash, built: folder.built, folder };
    } catch (error) {
      const problem = PeekError.is(error) ? error : unreadable(module, error);
      if (!this.#logged.has(module)) {
        this.#logged.add(module);
        this.#logger.error({ err: problem, code: problem.code, ...problem.fields }, "%s", problem.message);
      }
      return { ok: false, problem };
    }
  }

  /** Without a copy, the files are served from the package. */
  async #keep(module: WebModule, folder: WebFolder, hash: string): Promise<void> {
    try {
      const version = { name: module.plugin, hash, audience: audienceOf(module.section), folder };
      await this.#store.put(version, async ({ dir }) => {
        if ((await hashWebFolder({ ...folder, dir })) !== hash) throw changed(module);
      });
    } catch (error) {
      if (PeekError.is(error)) throw error;
      this.#logger.warning(
        { err: error, plugin: module.plugin },
        "Failed to copy the web module of %s into the service's home: %s. Its files are served from its package, and pages that are open during an upgrade may not find theirs",
        module.plugin,
        messageOf(error),
      );
    }
  }
}

async function signatureOf(path: string): Promise<string> {
  try {
    const { ino, mtimeNs, ctimeNs, size } = await stat(path, { bigint: true });
    return `${ino} ${mtimeNs} ${ctimeNs} ${size}`;
  } catch (error) {
    return messageOf(error);
  }
}

function changed({ plugin }: WebModule): PeekError {
  return new PeekError(
    "WEB_MODULE_INVALID",
    `${plugin} has no page: its files were changed while they were read. Reload it.`,
    { fields: { plugin } },
  );
}

function unreadable({ plugin, section }: WebModule, cause: unknown): PeekError {
  return new PeekError(
    "WEB_MODULE_MISSING",
    `${plugin} has no page: its folder ${section.dir} cannot be read (${messageOf(cause)}). Build the plugin, and reload it if it runs.`,
    { cause, fields: { plugin } },
  );
}
