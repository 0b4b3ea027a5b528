import { randomUUID } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FileLock, LockHeldError, makePrivateFolder } from "@peek/config";
import { PeekError } from "@peek/errors";
import { packageNameOf } from "@peek/plugin-base";
import type { ArchiveExpectation } from "./ArchiveExpectation.ts";
import type { ArchiveLimits } from "./ArchiveLimits.ts";
import { ChangeJournal, journalFolder } from "./ChangeJournal.ts";
import { readArchive, type ReadArchive } from "./readArchive.ts";
import { isFullDisk, softwareUnusable } from "./softwareErrors.ts";
import {
  currentFolder,
  draftPrefix,
  type InstalledVersion,
  parseVersionFolder,
  versionFolderName,
  versionsFolder,
} from "./softwareFolders.ts";
import { syncFolder } from "./syncFolder.ts";
import { UnpackFolder } from "./UnpackFolder.ts";

/** How many versions of a package are kept beside the current one, so that it can be rolled back. */
const keptVersions = 2;

/** How an archive is unpacked. */
export interface UnpackOptions {
  readonly expected: Omit<ArchiveExpectation, "current">;
  /** Default: `defaultArchiveLimits`. */
  readonly limits?: ArchiveLimits;
}

/** A version that was unpacked. */
export interface UnpackedVersion extends InstalledVersion {
  readonly archive: ReadArchive;
  /** Whether the same content was installed before. */
  readonly wasInstalled: boolean;
}

/**
 * The versions of plugins in a `plugin-software` folder, for the process that changes them. Only one store is open on a folder at a time, in all
 * processes: the opener owns the folder's lock, `plugin-software/.lock`, until it disposes the store. Services read the folder without it:
 * each change of theirs to see is one rename.
 */
export class VersionStore implements Disposable {
  /** The journal of the changes of versions. */
  readonly journal: ChangeJournal;
  readonly #softwareDir: string;
  readonly #lock: FileLock;

  private constructor(softwareDir: string, lock: FileLock) {
    this.#softwareDir = softwareDir;
    this.#lock = lock;
    this.journal = new ChangeJournal(softwareDir);
  }

  /**
   * Locks the folder, which is created where it is missing, and removes what an interrupted change left.
   *
   * @throws PeekError `PLUGIN_SOFTWARE_LOCKED` or `PLUGIN_SOFTWARE_UNUSABLE`
   */
  static open(softwareDir: string): VersionStore {
    try {
      makePrivateFolder(softwareDir);
      const lock = FileLock.acquire(join(softwareDir, ".lock"), { removesFile: true });
      const store = new VersionStore(softwareDir, lock);
      try {
        store.#removeDrafts();
        return store;
      } catch (error) {
        lock[Symbol.dispose]();
        throw error;
      }
    } catch (cause) {
      if (cause instanceof LockHeldError) {
        throw new PeekError(
          "PLUGIN_SOFTWARE_LOCKED",
          `The plugins in ${softwareDir} are being changed: ${cause.message}.`,
          {
            cause,
            fields: { dir: softwareDir },
          },
        );
      }
      throw softwareUnusable(softwareDir, cause);
    }
  }

  /** The versions of a package, the one that was installed last first. */
  versions(packageName: string): readonly InstalledVersion[] {
    return installedVersions(this.#softwareDir, packageName);
  }

  /** The current version of a package, which services load; undefined where none is. */
  current(packageName: string): InstalledVersion | undefined {
    return currentVersion(this.#softwareDir, packageName);
  }

  /**
   * Verifies an archive and unpacks it beside the other versions. No service sees it before {@link activate}. Of an archive that is
   * refused, and when the disk is full, nothing remains.
   *
   * @throws PeekError as {@link readArchive}; `PLUGIN_SOFTWARE_FULL` or `PLUGIN_SOFTWARE_UNUSABLE`
   */
  async unpack(file: string, { expected, limits }: UnpackOptions): Promise<UnpackedVersion> {
    // The first pass writes nothing: it finds every fault of the archive, and the package that it is of.
    const checked = await readArchive(file, { ...(limits !== undefined && { limits }), expected });
    const { plugin, version } = checked.manifest;
    const packageName = packageNameOf(plugin);
    const current = this.current(packageName)?.version;
    const above = versionsFolder(this.#softwareDir, packageName);
    const dir = join(above, versionFolderName(version, checked.hash));
    const result = { version, hash: parseVersionFolder(basename(dir))?.hash ?? "", dir };
    const options = { ...(limits !== undefined && { limits }), expected: { ...expected, plugin, current } };
    if (existsSync(dir)) {
      return { ...result, archive: await readArchive(file, options), wasInstalled: true };
    }
    try {
      makePrivateFolder(above);
      using folder = new UnpackFolder(join(above, `${draftPrefix}${randomUUID()}`));
      const archive = await readArchive(file, { ...options, onFile: (path, body) => folder.write(path, body) });
      if (archive.hash !== checked.hash) throw changedMeanwhile(file);
      folder.keepAs(dir);
      return { ...result, archive, wasInstalled: false };
    } catch (error) {
      if (PeekError.is(error)) throw error;
      throw isFullDisk(error) ? full(above, file, error) : softwareUnusable(above, error);
    } finally {
      this.#removeIfEmpty(above);
    }
  }

  /**
   * Makes a version the current one, at once: a service finds either the old or the new one.
   *
   * @throws PeekError `PLUGIN_VERSION_NOT_INSTALLED` or `PLUGIN_SOFTWARE_UNUSABLE`
   */
  activate(packageName: string, { dir }: InstalledVersion): void {
    const folder = currentFolder(this.#softwareDir);
    if (dirname(dir) !== versionsFolder(this.#softwareDir, packageName) || !existsSync(join(dir, "package.json"))) {
      throw new PeekError("PLUGIN_VERSION_NOT_INSTALLED", `${dir} is no installed version of ${packageName}.`, {
        fields: { dir, packageName },
      });
    }
    const draft = join(folder, `${draftPrefix}${randomUUID()}`);
    try {
      makePrivateFolder(folder);
      symlinkSync(join("..", "versions", packageName, basename(dir)), draft);
      renameSync(draft, join(folder, packageName));
      syncFolder(folder);
    } catch (cause) {
      rmSync(draft, { force: true });
      throw softwareUnusable(folder, cause);
    }
  }

  /**
   * Takes a package out of use: no version is current then. The versions remain.
   *
   * @throws PeekError `PLUGIN_SOFTWARE_UNUSABLE`
   */
  deactivate(packageName: string): void {
    const folder = currentFolder(this.#softwareDir);
    this.#changing(folder, () => {
      rmSync(join(folder, packageName), { force: true });
      if (existsSync(folder)) syncFolder(folder);
    });
  }

  /**
   * Removes old versions of a package: all but the current one and the last two others.
   *
   * @param inUse The folder of a version that is kept too. Default: none.
   * @returns The removed ones.
   * @throws PeekError `PLUGIN_SOFTWARE_UNUSABLE`
   */
  prune(packageName: string, inUse?: string): readonly InstalledVersion[] {
    const current = this.current(packageName)?.dir;
    const old = this.versions(packageName)
      .filter(({ dir }) => dir !== current)
      .slice(keptVersions)
      .filter(({ dir }) => dir !== inUse);
    for (const version of old) this.#remove(version.dir);
    return old;
  }

  /**
   * Removes all versions of a package, after {@link deactivate}.
   *
   * @returns The removed ones.
   * @throws PeekError `PLUGIN_SOFTWARE_UNUSABLE`
   */
  removeAll(packageName: string): readonly InstalledVersion[] {
    this.deactivate(packageName);
    const versions = this.versions(packageName);
    for (const { dir } of versions) this.#remove(dir);
    this.#removeIfEmpty(versionsFolder(this.#softwareDir, packageName));
    return versions;
  }

  /**
   * Removes one version of a package that is not current.
   *
   * @throws PeekError `PLUGIN_SOFTWARE_UNUSABLE`
   */
  remove(packageName: string, { dir }: InstalledVersion): void {
    this.#remove(dir);
    this.#removeIfEmpty(versionsFolder(this.#softwareDir, packageName));
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }

  /** Half a version must never look like one: it gets the name of a draft first. */
  #remove(dir: string): void {
    this.#changing(dir, () => {
      const draft = join(dirname(dir), `${draftPrefix}${randomUUID()}`);
      renameSync(dir, draft);
      rmSync(draft, { recursive: true, force: true });
    });
  }

  #removeDrafts(): void {
    const packages = namesIn(join(this.#softwareDir, "versions"));
    const folders = [
      currentFolder(this.#softwareDir),
      journalFolder(this.#softwareDir),
      ...packages.map((name) => versionsFolder(this.#softwareDir, name)),
    ];
    for (const folder of folders) {
      for (const name of namesIn(folder).filter((name) => name.startsWith(draftPrefix))) {
        rmSync(join(folder, name), { recursive: true, force: true });
      }
    }
  }

  #removeIfEmpty(dir: string): void {
    if (existsSync(dir) && readdirSync(dir).length === 0) rmSync(dir, { recursive: true, force: true });
  }

  #changing(dir: string, change: () => void): void {
    try {
      change();
    } catch (cause) {
      throw softwareUnusable(dir, cause);
    }
  }
}

/** The versions of a package in a `plugin-software` folder, the one that was installed last first. Needs no lock. */
export function installedVersions(softwareDir: string, packageName: string): readonly InstalledVersion[] {
  const above = versionsFolder(softwareDir, packageName);
  const found = namesIn(above).flatMap((name) => {
    const parsed = parseVersionFolder(name);
    const dir = join(above, name);
    const stat = parsed === undefined ? undefined : lstatSync(dir, { throwIfNoEntry: false });
    return parsed === undefined || stat?.isDirectory() !== true ? [] : [{ ...parsed, dir, time: stat.mtimeMs }];
  });
  const newestFirst = found.toSorted((one, other) => other.time - one.time || (one.dir < other.dir ? 1 : -1));
  return newestFirst.map(({ version, hash, dir }) => ({ version, hash, dir }));
}

/** The current version of a package in a `plugin-software` folder; undefined where none is. Needs no lock. */
export function currentVersion(softwareDir: string, packageName: string): InstalledVersion | undefined {
  const name = targetName(join(currentFolder(softwareDir), packageName));
  const parsed = name === undefined ? undefined : parseVersionFolder(name);
  if (name === undefined || parsed === undefined) return undefined;
  const dir = join(versionsFolder(softwareDir, packageName), name);
  return statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true ? { ...parsed, dir } : undefined;
}

function targetName(link: string): string | undefined {
  try {
    return basename(readlinkSync(link));
  } catch {
    // No version is current, or a person has put something else there.
    return undefined;
  }
}

function namesIn(dir: string): readonly string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}

function full(dir: string, file: string, cause: unknown): PeekError {
  return new PeekError(
    "PLUGIN_SOFTWARE_FULL",
    `${file} cannot be unpacked into ${dir}: the disk is full, or a limit of the account has been reached. Nothing has been changed. Make room and try again.`,
    { cause, fields: { dir, file } },
  );
}

function changedMeanwhile(file: string): PeekError {
  return new PeekError("ARCHIVE_UNREADABLE", `${file} was changed while it was read. Try again.`, { fields: { file } });
}
