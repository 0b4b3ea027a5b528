import { pathToFileURL } from "node:url";

/** The own modules of a package as they were imported last. */
interface ImportedPackage {
  /** The folder as a URL, with a slash at its end. */
  readonly url: string;
  /** undefined: the plain URL. */
  readonly version: string | undefined;
  /** By `Date.now()`, when the import began. */
  readonly importedAt: number;
  /** How far the system's clock was from the monotonic one. */
  readonly clockOffset: number;
  /** How many imports have failed, by version: Node keeps a failure for ever. */
  readonly failures: Map<string | undefined, number>;
}

/** By how much the system's clock may be adjusted before dates of files are not trusted. */
const clockToleranceMs = 100;

/**
 * Knows which content of each plugin's package has been imported, so that changed files are imported anew, and unchanged ones
 * are not. The first import of a package has no version, and costs nothing; its files are hashed when the plugin changes.
 */
export class ModuleVersions implements Disposable {
  readonly #packages = new Map<string, ImportedPackage>();
  #hook: Disposable | undefined;

  /**
   * The version under which the present files of a package are to be imported.
   *
   * @param rootDir The real folder of the package.
   * @returns undefined for the plain URL: nothing has been imported from the folder, or the very same files.
   */
  async lookUp(rootDir: string): Promise<string | undefined> {
    const last = this.#packages.get(rootDir);
    if (last === undefined) return undefined;
    // Only a change needs it.
    const { contentHash, isUnchangedSince } = await import("./contentHash.ts");
    const isTrusted = Math.abs(clockOffset() - last.clockOffset) < clockToleranceMs && !last.failures.has(last.version);
    if (isTrusted && (await isUnchangedSince(rootDir, last.importedAt))) return last.version;
    const hash = await contentHash(rootDir);
    const failures = last.failures.get(hash);
    return failures === undefined ? hash : `${hash}.${failures}`;
  }

  /** Called before the own modules of a package are imported. */
  async begin(rootDir: string, version: string | undefined): Promise<void> {
    const last = this.#packages.get(rootDir);
    if (last !== undefined && last.version === version) return;
    this.#packages.set(rootDir, {
      url: `${pathToFileURL(rootDir).href}/`,
      version,
      importedAt: Date.now(),
      clockOffset: clockOffset(),
      failures: last?.failures ?? new Map<string | undefined, number>(),
    });
    if (version === undefined) return;
    const { forgetCommonJs, installVersionHook } = await import("./versionHook.ts");
    const rootOf = (url: string): string | undefined => this.#rootOf(url);
    this.#hook ??= installVersionHook(rootOf, (root) => this.#packages.get(root)?.version);
    forgetCommonJs((url) => rootOf(url) === rootDir, rootDir);
  }

  /** Called when an import has failed: the same content is imported under another URL the next time. */
  failed(rootDir: string, version: string | undefined): void {
    const failures = this.#packages.get(rootDir)?.failures;
    const hash = version?.split(".")[0];
    for (const each of new Set([hash, version])) failures?.set(each, (failures.get(each) ?? 0) + 1);
  }

  [Symbol.dispose](): void {
    this.#hook?.[Symbol.dispose]();
    this.#hook = undefined;
  }

  #rootOf(url: string): string | undefined {
    for (const [rootDir, known] of this.#packages) {
      if (url.startsWith(known.url)) return url.includes("/node_modules/", known.url.length - 1) ? undefined : rootDir;
    }
    return undefined;
  }
}

function clockOffset(): number {
  return Date.now() - performance.now();
}
