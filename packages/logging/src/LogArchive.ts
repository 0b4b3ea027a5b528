import { createReadStream, createWriteStream, lstatSync, readdirSync, renameSync, rmSync, utimesSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** The log of a {@link LogArchive}. */
export interface LogArchiveOptions {
  /** The folder of the log. */
  readonly dir: string;
  /** The name of the log without its extension. */
  readonly name: string;
  readonly daysToKeep: number;
  /** Called when a file could not be compressed, and remains uncompressed. */
  readonly onError: (error: unknown) => void;
}

const dayMs = 24 * 60 * 60 * 1000;
const partial = ".partial";

/**
 * The rotated files of a log: `<name>-<date>.<n>.log.gz`. They are compressed in the background, one at a time, and removed when
 * they are old.
 */
export class LogArchive {
  readonly #options: LogArchiveOptions;
  readonly #cancel = new AbortController();
  readonly #pending = new Set<string>();
  #work: Promise<void> = Promise.resolve();

  constructor(options: LogArchiveOptions) {
    this.#options = options;
  }

  /** Removes old files, and compresses those that an earlier process did not compress. */
  begin(): void {
    this.#removeOld();
    for (const { file, compressed } of this.#files()) if (!compressed) this.#compress(file);
  }

  /**
   * Moves the log's file to the archive, under its day.
   *
   * @throws Error when the file cannot be renamed; it is unchanged then.
   */
  put(file: string, day: Date): void {
    const date = dateOf(day);
    const taken = this.#files().flatMap((each) => (each.date === date ? [each.index] : []));
    const target = `${this.#options.name}-${date}.${Math.max(0, ...taken) + 1}.log`;
    renameSync(file, join(this.#options.dir, target));
    // It is kept from now on for the configured days: after a month without a start, the last lines are still of interest.
    utimesSync(join(this.#options.dir, target), new Date(), new Date());
    this.#removeOld();
    this.#compress(target);
  }

  /** Waits until all files are compressed; the rest is compressed at the next {@link begin}. */
  async end(signal: AbortSignal): Promise<void> {
    const cancel = (): void => this.#cancel.abort();
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    await this.#work;
    signal.removeEventListener("abort", cancel);
  }

  #compress(file: string): void {
    if (this.#pending.has(file)) return;
    this.#pending.add(file);
    const path = join(this.#options.dir, file);
    const work = async (before: Promise<void>): Promise<void> => {
      await before;
      const { signal } = this.#cancel;
      if (signal.aborted) return;
      const target = createWriteStream(`${path}.gz${partial}`, { mode: 0o600 });
      try {
        await pipeline(createReadStream(path), createGzip(), target, { signal });
        await rename(`${path}.gz${partial}`, `${path}.gz`);
        await rm(path);
      } catch (error) {
        await rm(`${path}.gz${partial}`, { force: true }).catch(() => undefined);
        if (!signal.aborted) this.#options.onError(error);
      } finally {
        this.#pending.delete(file);
      }
    };
    this.#work = work(this.#work);
  }

  #removeOld(): void {
    const oldest = Date.now() - this.#options.daysToKeep * dayMs;
    for (const { file } of this.#files()) {
      try {
        const path = join(this.#options.dir, file);
        const stat = lstatSync(path);
        if (stat.isFile() && stat.mtimeMs < oldest) rmSync(path, { force: true });
      } catch {
        // Another process has removed it, or the folder does not allow it: the log itself matters more.
      }
    }
  }

  #files(): readonly ArchivedFile[] {
    const { dir, name } = this.#options;
    return readdirSync(dir).flatMap((file) => {
      const [, date, index, compressed] = file.startsWith(`${name}-`)
        ? (archived.exec(file.slice(name.length)) ?? [])
        : [];
      return date === undefined ? [] : [{ file, date, index: Number(index), compressed: compressed !== undefined }];
    });
  }
}

interface ArchivedFile {
  readonly file: string;
  readonly date: string;
  readonly index: number;
  readonly compressed: boolean;
}

const archived = /^-(\d{4}-\d\d-\d\d)\.(\d+)\.log(\.gz)?$/;

/** The day in local time: `2026-11-22`. */
export function dateOf(day: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
