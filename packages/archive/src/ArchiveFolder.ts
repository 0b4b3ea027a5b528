import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { makePrivateFolder } from "@peek/config";
import { packageNameOf } from "@peek/plugin-base";
import { isFullDisk, softwareFull, softwareUnusable } from "./softwareErrors.ts";
import { archivesFolder, draftPrefix, parseVersionFolder, versionFolderName } from "./softwareFolders.ts";
import { syncFolder } from "./syncFolder.ts";

/** How many archives of a plugin are kept beside those in use: as many as {@link VersionStore.prune} keeps versions. */
const keptArchives = 2;
const extension = ".tgz";

/** An archive that logic keeps for the other services. */
export interface KeptArchive {
  /** The name of the version: that of the folder that the archive is unpacked into, with the beginning of the content's hash. */
  readonly name: string;
  readonly version: string;
  readonly file: string;
  /** Its size. */
  readonly bytes: number;
}

/** The archives in a `plugin-software` folder of logic, from which services get the versions that they do not have. */
export class ArchiveFolder {
  readonly #dir: string;

  /** @param softwareDir The `plugin-software` folder of logic. */
  constructor(softwareDir: string) {
    this.#dir = archivesFolder(softwareDir);
  }

  /** The archives of a plugin, the one that was kept last first. */
  of(plugin: string): readonly KeptArchive[] {
    const dir = join(this.#dir, packageNameOf(plugin));
    const found = namesIn(dir).flatMap((each) => {
      const name = each.endsWith(extension) ? each.slice(0, -extension.length) : "";
      const parsed = parseVersionFolder(name);
      const stat = parsed && statSync(join(dir, each), { throwIfNoEntry: false });
      if (parsed === undefined || stat?.isFile() !== true) return [];
      return [{ name, version: parsed.version, file: join(dir, each), bytes: stat.size, time: stat.mtimeMs }];
    });
    const newestFirst = found.toSorted((one, other) => other.time - one.time || (one.name < other.name ? 1 : -1));
    return newestFirst.map(({ time: _time, ...archive }) => archive);
  }

  /** The archive of a version; undefined where it is not kept. */
  find(plugin: string, name: string): KeptArchive | undefined {
    return this.of(plugin).find((archive) => archive.name === name);
  }

  /**
   * The path of a new file in the folder, for an archive that is on its way. The next {@link removeDrafts} removes it.
   *
   * @throws PeekError `PLUGIN_SOFTWARE_UNUSABLE`
   */
  draft(): string {
    return this.#changing(() => {
      makePrivateFolder(this.#dir);
      return join(this.#dir, `${draftPrefix}${randomUUID()}${extension}`);
    });
  }

  /**
   * Keeps a verified archive: moves a draft to its place.
   *
   * @param hash The hash of its content, as `readArchive` returns it.
   * @returns The archive, and whether it was kept before.
   * @throws PeekError `PLUGIN_SOFTWARE_UNUSABLE`
   */
  keep(
    draft: string,
    { plugin, version, hash }: { readonly plugin: string; readonly version: string; readonly hash: string },
  ): { readonly archive: KeptArchive; readonly wasKept: boolean } {
    const name = versionFolderName(version, hash);
    const file = join(this.#dir, packageNameOf(plugin), `${name}${extension}`);
    const wasKept = existsSync(file);
    this.#changing(() => {
      makePrivateFolder(dirname(file));
      renameSync(draft, file);
      syncFolder(dirname(file));
    });
    return { archive: { name, version, file, bytes: statSync(file).size }, wasKept };
  }

  /**
   * Keeps a copy of a verified archive.
   *
   * @throws PeekError `PLUGIN_SOFTWARE_FULL` or `PLUGIN_SOFTWARE_UNUSABLE`
   */
  keepCopy(file: string, content: { readonly plugin: string; readonly version: string; readonly hash: string }): void {
    const draft = this.draft();
    try {
      this.#changing(() => copyFileSync(file, draft));
      this.keep(draft, content);
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Removes one archive, if it is there. */
  remove(plugin: string, name: string): void {
    rmSync(join(this.#dir, packageNameOf(plugin), `${name}${extension}`), { force: true });
    this.#removeIfEmpty(plugin);
  }

  /** Removes all archives of a plugin but those in use and the last two others. */
  prune(plugin: string, inUse: ReadonlySet<string>): void {
    const others = this.of(plugin).filter(({ name }) => !inUse.has(name));
    for (const { name } of others.slice(keptArchives)) this.remove(plugin, name);
  }

  /** Removes all archives of a plugin. */
  removeAll(plugin: string): void {
    for (const { name } of this.of(plugin)) this.remove(plugin, name);
  }

  /** Removes the drafts that a process has left that ended. */
  removeDrafts(): void {
    const drafts = namesIn(this.#dir).filter((each) => basename(each).startsWith(draftPrefix));
    for (const each of drafts) rmSync(join(this.#dir, each), { force: true });
  }

  #removeIfEmpty(plugin: string): void {
    const dir = join(this.#dir, packageNameOf(plugin));
    if (existsSync(dir) && namesIn(dir).length === 0) rmSync(dir, { recursive: true, force: true });
  }

  #changing<T>(change: () => T): T {
    try {
      return change();
    } catch (cause) {
      throw isFullDisk(cause) ? softwareFull(this.#dir, cause) : softwareUnusable(this.#dir, cause);
    }
  }
}

function namesIn(dir: string): readonly string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
