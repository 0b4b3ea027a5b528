import { renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { chownLike, makePrivateFolder } from "@peek/config";
import { syncFolder } from "./syncFolder.ts";

/** A folder that an archive is unpacked into, beside its final place. Unless it is kept, disposing it removes it. */
export class UnpackFolder implements Disposable {
  readonly #dir: string;
  readonly #folders = new Set<string>();
  #isKept = false;

  /** @throws Error of `node:fs` */
  constructor(dir: string) {
    this.#dir = dir;
    this.#makeFolder(dir);
  }

  /**
   * Writes a file, read-only, and waits until it is on the disk.
   *
   * @param path A checked path in the folder.
   * @throws Error of `node:fs`, or of the content.
   */
  async write(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const file = join(this.#dir, ...path.split("/"));
    this.#makeFolder(dirname(file));
    await using handle = await open(file, "wx", 0o400);
    chownLike(handle.fd, this.#dir);
    for await (const chunk of content) await handle.writeFile(chunk);
    await handle.sync();
  }

  /** Moves the complete folder to its final place, durably and at once. */
  keepAs(target: string): void {
    for (const folder of this.#folders) syncFolder(folder);
    renameSync(this.#dir, target);
    this.#isKept = true;
    syncFolder(dirname(target));
  }

  [Symbol.dispose](): void {
    if (!this.#isKept) rmSync(this.#dir, { recursive: true, force: true });
  }

  #makeFolder(dir: string): void {
    if (this.#folders.has(dir)) return;
    if (dir !== this.#dir) this.#makeFolder(dirname(dir));
    makePrivateFolder(dir);
    this.#folders.add(dir);
  }
}
