import { randomUUID } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { z } from "zod";
import type { WebAudience } from "./maySee.ts";
import { type FileEncoding, isFile, precompress } from "./precompress.ts";
import { pruneVersions } from "./pruneVersions.ts";
import type { WebFolder } from "./readWebFolder.ts";

/** How long a version is kept after it has left the catalogue: pages that are still open load parts of it. */
const keptMs = 24 * 3_600_000;
/** How many versions of one plugin are kept beside the present one. */
const keptVersions = 5;

const groups = z.array(z.string()).optional();
const recordSchema = z.object({ groups, routes: z.array(z.object({ groups })) });
const draftPrefix = ".draft-";
const recordFile = "audience.json";
const folders = { identity: "files", br: "br", gzip: "gz" } as const;

/** A version to copy. */
export interface WebVersion {
  /** The name of the plugin. */
  readonly name: string;
  readonly hash: string;
  readonly audience: WebAudience;
  readonly folder: Pick<WebFolder, "dir" | "files">;
}

/**
 * The files of web modules by their hash, in the service's home: pages that were opened before an upgrade or a restart of the service
 * find the files of their version. A version is removed a day after it has left the catalogue, or when five later ones have.
 */
export class WebFileStore {
  readonly #dir: string;
  readonly #logger: Logger;
  /** When each version was first seen outside of the catalogue, by its folder. */
  readonly #leftAt = new Map<string, number>();
  readonly #pinned = new Map<string, string>();
  /** The compressions under way, by the compressed file. */
  readonly #compressing = new Map<string, Promise<void>>();
  /** Removes what copies have left that were interrupted. */
  #cleaning: Promise<void> | undefined;

  /** @param dir Created with the first version. */
  constructor(dir: string, logger: Logger) {
    this.#dir = dir;
    this.#logger = logger;
  }

  /**
   * Copies the files of a version, unless they are there.
   *
   * @param check Throws when a copy is not what it should be. Default: no check.
   * @throws Error of `node:fs`, or of the check
   */
  async put(
    { name, hash, audience, folder }: WebVersion,
    check?: (copy: { readonly dir: string }) => Promise<void>,
  ): Promise<void> {
    const target = this.#version(name, hash);
    const record = JSON.stringify(audience);
    if (await isFile(join(target, recordFile))) {
      const known = await readFile(join(target, recordFile), "utf8");
      if (known !== record) await writeFile(join(target, recordFile), record, { mode: 0o600 });
      return;
    }
    // A folder without the record was removed by half.
    await rm(target, { recursive: true, force: true });
    await (this.#cleaning ??= this.#removeDrafts());
    const draft = join(this.#dir, `${draftPrefix}${randomUUID()}`);
    try {
      await copyFiles(folder, join(draft, folders.identity));
      await check?.({ dir: join(draft, folders.identity) });
      await writeFile(join(draft, recordFile), record, { mode: 0o600 });
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await rename(draft, target);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  /** Keeps a version for as long as the site runs. */
  pin(name: string, hash: string): void {
    this.#pinned.set(name, hash);
  }

  /** The folder with the files of a version, which may not exist. */
  filesOf(name: string, hash: string): string {
    return join(this.#version(name, hash), folders.identity);
  }

  /** The path of a file; undefined when there is none. @param path Checked by `isWebFilePath()`. */
  async find(plugin: string, hash: string, path: string): Promise<string | undefined> {
    const file = join(this.filesOf(plugin, hash), path);
    return (await isFile(file)) ? file : undefined;
  }

  /** The path of a compressed file, which is made at the first call; undefined when that fails. */
  async findCompressed(
    plugin: string,
    hash: string,
    path: string,
    encoding: FileEncoding,
  ): Promise<string | undefined> {
    const version = this.#version(plugin, hash);
    const compressed = join(version, folders[encoding], path);
    if (await isFile(compressed)) return compressed;
    const running = this.#compressing.get(compressed);
    const compressing = running ?? precompress(join(this.filesOf(plugin, hash), path), compressed, encoding);
    this.#compressing.set(compressed, compressing);
    try {
      await compressing;
      return compressed;
    } catch (error) {
      if (running === undefined) this.#logger.debug("Failed to compress %s: %s", compressed, messageOf(error));
      return undefined;
    } finally {
      this.#compressing.delete(compressed);
    }
  }

  /** Who sees a version of a plugin that does not run; undefined when the version is not kept. */
  async audienceOf(plugin: string, hash: string): Promise<WebAudience | undefined> {
    try {
      const text = await readFile(join(this.#version(plugin, hash), recordFile), "utf8");
      return recordSchema.parse(JSON.parse(text));
    } catch {
      return undefined;
    }
  }

  /** Removes the versions that are no longer kept. @param present The hash of each plugin in the catalogue. */
  async prune(present: ReadonlyMap<string, string>): Promise<void> {
    try {
      for (const plugin of await readdir(this.#dir).catch(() => [])) {
        if (plugin.startsWith(draftPrefix)) continue;
        const dir = join(this.#dir, plugin);
        const current = present.get(plugin) ?? this.#pinned.get(plugin);
        const others = (await readdir(dir)).filter((hash) => hash !== current).map((hash) => join(dir, hash));
        for (const path of pruneVersions(others, this.#leftAt, { now: Date.now(), keptMs, keptVersions })) {
          await rm(join(path, recordFile), { force: true });
          await rm(path, { recursive: true, force: true });
        }
        if (current !== undefined) this.#leftAt.delete(join(dir, current));
      }
    } catch (error) {
      this.#logger.warning("Failed to remove old files of web modules in %s: %s", this.#dir, messageOf(error));
    }
  }

  async #removeDrafts(): Promise<void> {
    const names = await readdir(this.#dir).catch(() => []);
    const drafts = names.filter((name) => name.startsWith(draftPrefix));
    await Promise.all(drafts.map((name) => rm(join(this.#dir, name), { recursive: true, force: true })));
  }

  #version(plugin: string, hash: string): string {
    return join(this.#dir, plugin, hash);
  }
}

async function copyFiles({ dir, files }: WebVersion["folder"], to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const path of files) await cp(join(dir, path), join(to, path));
}
