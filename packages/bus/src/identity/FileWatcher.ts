import { type FSWatcher, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** How often the file is looked at where the system tells nothing of it: a network's folder, no watches left. */
const pollMs = 2000;

/**
 * Calls when a file may have been changed, made or removed: at once where the system tells of it, and otherwise within
 * two seconds. Keeps no process from ending.
 */
export class FileWatcher implements Disposable {
  readonly #file: string;
  readonly #look: () => void;
  readonly #timer: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;

  /** @param look Called often, also when nothing has changed; must not throw. */
  constructor(file: string, look: () => void) {
    this.#file = file;
    this.#look = look;
    this.#watchFolder();
    this.#timer = setInterval(() => this.#poll(), pollMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#endWatch();
  }

  #poll(): void {
    // It may have been missing, or have failed.
    if (this.#watcher === undefined) this.#watchFolder();
    this.#look();
  }

  // The file itself cannot be watched: it is replaced by another whenever it changes.
  #watchFolder(): void {
    try {
      this.#watcher = watch(dirname(this.#file), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(this.#file)) this.#look();
      });
      this.#watcher.on("error", () => this.#endWatch());
    } catch {
      this.#watcher = undefined;
    }
  }

  #endWatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

/** What is another text after each change of a file, its content's or its permissions'. */
export function fileVersion(file: string): string {
  try {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "missing" : `${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.size}`;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
}
