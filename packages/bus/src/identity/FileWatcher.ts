import { type FSWatcher, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** How often to check the file when the system does not report changes: on a network file system, or without free watches. */
const pollMs = 2000;

/**
 * Calls a function when a file may have been changed, created or removed: at once when the system reports it, otherwise within two
 * seconds. Does not keep the process running.
 */
export class FileWatcher implements Disposable {
  readonly #file: string;
  readonly #onEvent: () => void;
  readonly #timer: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;

  /** @param onEvent Called often, also without a change. Must not throw. */
  constructor(file: string, onEvent: () => void) {
    this.#file = file;
    this.#onEvent = onEvent;
    this.#watchFolder();
    this.#timer = setInterval(() => this.#poll(), pollMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#closeWatcher();
  }

  #poll(): void {
    // The folder may have been missing, or the watcher may have failed.
    if (this.#watcher === undefined) this.#watchFolder();
    this.#onEvent();
  }

  // Watches the folder: each change replaces the file, and a watcher of the file would follow the old one.
  #watchFolder(): void {
    try {
      this.#watcher = watch(dirname(this.#file), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(this.#file)) this.#onEvent();
      });
      this.#watcher.on("error", () => this.#closeWatcher());
    } catch {
      this.#watcher = undefined;
    }
  }

  #closeWatcher(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

/** A text that differs after each change of a file's content or permissions. */
export function fileVersion(file: string): string {
  try {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "missing" : `${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.size}`;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
}
