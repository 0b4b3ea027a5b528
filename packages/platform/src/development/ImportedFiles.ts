import { registerHooks } from "node:module";
import { sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Knows which files this process has imported since the creation, apart from installed packages, and from where. */
export class ImportedFiles implements Disposable {
  readonly #importers = new Map<string, Set<string>>();
  readonly #hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      this.#add(found.url, context.parentURL);
      return found;
    },
  });

  has(file: string): boolean {
    return this.#importers.has(file);
  }

  /** Whether a file in one of the other folders has imported a file in a folder. */
  isSharedWith(folder: string, others: readonly string[]): boolean {
    return [...this.#importers].some(
      ([file, importers]) =>
        isIn(folder, file) && [...importers].some((importer) => others.some((other) => isIn(other, importer))),
    );
  }

  [Symbol.dispose](): void {
    this.#hooks.deregister();
  }

  #add(url: string, importerUrl: string | undefined): void {
    if (!isOwn(url)) return;
    const file = fileURLToPath(url);
    const importers = this.#importers.get(file) ?? new Set();
    if (importerUrl !== undefined && isOwn(importerUrl)) importers.add(fileURLToPath(importerUrl));
    this.#importers.set(file, importers);
  }
}

function isOwn(url: string): boolean {
  return url.startsWith("file:") && !url.includes("/node_modules/");
}

function isIn(folder: string, file: string): boolean {
  return file.startsWith(folder + sep);
}
