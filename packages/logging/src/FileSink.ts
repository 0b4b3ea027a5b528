import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { messageOf, PeekError } from "@peek/errors";
import { formatText } from "./formatText.ts";
import { LineQueue } from "./LineQueue.ts";
import { dateOf, LogArchive } from "./LogArchive.ts";
import { LogFile } from "./LogFile.ts";
import type { LogFormat, LogLine, LogSink } from "./LogSink.ts";
import { lostLinesNote } from "./lostLinesNote.ts";
import { blockThread } from "./blockThread.ts";
import { PendingBatch } from "./PendingBatch.ts";

/** The files that a {@link FileSink} writes. */
export interface FileSinkOptions {
  /** The folder, created when it is missing (mode 0700). */
  readonly dir: string;
  /** The name of the file without its extension: `peek-logic-service`. */
  readonly name: string;
  readonly format: LogFormat;
  /** Rotated files are removed after this number of days. */
  readonly daysToKeep: number;
  /** The size at which a file is rotated before midnight. */
  readonly maxFileMegabytes: number;
  /** Called once when lines cannot be written, for example on a full disk, and for lines that were not written before the end. */
  readonly onTrouble: (trouble: PeekError) => void;
  /** Called when lines can be written again, with the number of lost lines. */
  readonly onRecovery: (lost: number) => void;
  /** Called when the file was moved or removed, and a new one has been created. */
  readonly onReopen: () => void;
}

/** How long to wait after a failure before the file is opened again. */
const retryMs = 30_000;
/** How long to wait for the last lines when the sink is disposed. */
const lastLinesMs = 2000;
/** How many bytes are written in one call. */
const batchBytes = 256 * 1024;
/** When this number of bytes waits, logging calls write themselves: a synchronous loop that logs blocks the writer. */
const syncWriteBytes = 1024 * 1024;
/** How many bytes may wait for the disk. */
const maxWaitingBytes = 8 * 1024 * 1024;
/** How long a logging call blocks for a disk that does not answer. */
const maxBlockMs = 100;

/**
 * Writes to `<name>.log`, in the background. At midnight it becomes `<name>-<date>.<n>.log.gz` and a new one begins.
 * A failing disk does not stop the service: some lines wait, further ones are lost and counted, and the file says how many.
 */
export class FileSink implements LogSink {
  readonly #options: FileSinkOptions;
  readonly #path: string;
  readonly #queue: LineQueue;
  readonly #archive: LogArchive;
  #file: LogFile | undefined;
  #batch: PendingBatch | undefined;
  /** The batch whose write has not been confirmed. */
  #inFlight: PendingBatch | undefined;
  #writing: Promise<void> | undefined;
  #retryAt = 0;
  #retry: NodeJS.Timeout | undefined;
  #rotateAt = 0;
  /** Lines that were lost since the failure began. */
  #lost = 0;
  #troubled = false;
  /** Whether the disk did not answer in time: no call blocks for it until it answers. */
  #stuck = false;
  #ended = false;

  constructor(options: FileSinkOptions) {
    this.#options = options;
    const { dir, name, daysToKeep, format } = options;
    this.#path = join(dir, `${name}.log`);
    this.#queue = new LineQueue(maxWaitingBytes, (lost) => lostLinesNote("FileSink", lost, format, true));
    this.#archive = new LogArchive({ dir, name, daysToKeep, onError: (error) => this.#warn(error) });
    process.on("exit", this.#onExit);
  }

  write(line: LogLine): void {
    if (this.#ended) return;
    if (this.#queue.bytes >= syncWriteBytes) this.#writeNow(this.#queue.isFull);
    const taken = this.#queue.add(this.#options.format === "json" ? line.json : formatText(line.record, true));
    if (!taken) {
      this.#lost += 1;
      this.#report(new Error("the disk is slower than the lines are logged"));
    }
    this.#begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    process.off("exit", this.#onExit);
    clearTimeout(this.#retry);
    this.#retryAt = 0;
    const deadline = AbortSignal.timeout(lastLinesMs);
    await until(this.#end(), deadline);
    await until(this.#archive.end(deadline), deadline);
    const left = this.#unwritten();
    if (left > 0) {
      const message = `${left} ${left === 1 ? "line was" : "lines were"} not written to ${this.#path} before the end.`;
      this.#options.onTrouble(new PeekError("LOG_FILE_UNUSABLE", message, { fields: { file: this.#path } }));
    }
    // A write that is not confirmed still needs the file.
    if (this.#inFlight === undefined) this.#file?.[Symbol.dispose]();
  }

  #begin(): void {
    this.#writing ??= this.#writeAll();
  }

  async #end(): Promise<void> {
    await this.#writing;
    this.#queue.noteLosses();
    await this.#writeAll();
  }

  #unwritten(): number {
    return (this.#batch?.lines ?? 0) + this.#queue.waiting + this.#queue.lost;
  }

  async #writeAll(): Promise<void> {
    // Lines that are logged in one turn of the event loop are written in one call.
    await setImmediate();
    while (!this.#isIdle) {
      const file = this.#ready();
      if (file === undefined) break;
      const batch = this.#next();
      this.#inFlight = batch;
      try {
        const bytes = await file.append(batch.rest);
        // Unless it was found in the file meanwhile.
        if (this.#isInFlight(batch)) this.#advance(batch, bytes);
      } catch (error) {
        this.#fail(error);
      }
      this.#inFlight = undefined;
      this.#stuck = false;
    }
    this.#writing = undefined;
  }

  #isInFlight(batch: PendingBatch): boolean {
    return this.#inFlight === batch;
  }

  get #isIdle(): boolean {
    return this.#batch === undefined && this.#queue.waiting === 0 && this.#queue.lost === 0;
  }

  /** The next batch; there is one. */
  #next(): PendingBatch {
    // Lost lines came after all waiting ones.
    if (this.#batch === undefined && this.#queue.waiting === 0) this.#queue.noteLosses();
    this.#batch ??= new PendingBatch(this.#queue.take(batchBytes));
    return this.#batch;
  }

  /**
   * Writes the waiting lines synchronously, if the disk answers.
   *
   * @param mayBlock Whether to block for a moment when the disk does not answer.
   */
  #writeNow(mayBlock: boolean): void {
    if (this.#stuck || (this.#inFlight !== undefined && !this.#isWritten(this.#inFlight, mayBlock))) return;
    try {
      while (!this.#isIdle) {
        const file = this.#ready();
        if (file === undefined) return;
        const batch = this.#next();
        this.#advance(batch, file.appendNow(batch.rest));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Whether the batch in flight is in the file already: its confirmation arrives only when the logging code has returned. After a
   * timeout, no call blocks for the disk until it has answered.
   */
  #isWritten(batch: PendingBatch, mayBlock: boolean): boolean {
    const { length } = batch.rest;
    const since = performance.now();
    while (this.#file?.hasGrownBy(length) === false) {
      if (!mayBlock) return false;
      this.#stuck = performance.now() - since > maxBlockMs;
      if (this.#stuck) return false;
      blockThread(1);
    }
    if (this.#file === undefined) return false;
    this.#inFlight = undefined;
    this.#advance(batch, length);
    return true;
  }

  #advance(batch: PendingBatch, bytes: number): void {
    batch.advance(bytes);
    this.#file?.grow(bytes);
    if (!batch.isDone) return;
    this.#batch = undefined;
    this.#recover();
  }

  /** The file to write to: opened, reopened or rotated, if necessary. */
  #ready(): LogFile | undefined {
    if (Date.now() < this.#retryAt) return undefined;
    try {
      if (this.#file !== undefined && !this.#file.isInPlace()) {
        this.#close();
        this.#file = this.#open();
        this.#options.onReopen();
      }
      this.#file ??= this.#open();
      if (this.#isDue(this.#file)) this.#rotate(this.#file);
      return this.#file;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #open(): LogFile {
    mkdirSync(this.#options.dir, { recursive: true, mode: 0o700 });
    const file = new LogFile(this.#path);
    this.#archive.begin();
    return file;
  }

  #isDue({ size, day }: LogFile): boolean {
    if (size === 0 || Date.now() < this.#rotateAt) return false;
    return size >= this.#options.maxFileMegabytes * 1024 * 1024 || dateOf(day) !== dateOf(new Date());
  }

  #rotate({ day }: LogFile): void {
    try {
      this.#archive.put(this.#path, day);
    } catch (error) {
      this.#rotateAt = Date.now() + retryMs;
      this.#warn(error);
      return;
    }
    this.#close();
    this.#file = new LogFile(this.#path);
  }

  #close(): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }

  #fail(error: unknown): void {
    this.#close();
    this.#retryAt = Date.now() + retryMs;
    clearTimeout(this.#retry);
    if (!this.#ended) {
      this.#retry = setTimeout(() => this.#begin(), retryMs);
      this.#retry.unref();
    }
    this.#report(error);
  }

  #report(error: unknown): void {
    if (this.#troubled) return;
    this.#troubled = true;
    const megabytes = maxWaitingBytes / 1024 / 1024;
    this.#options.onTrouble(
      new PeekError(
        "LOG_FILE_UNUSABLE",
        `${this.#path} cannot be written: ${messageOf(error)}. Up to ${megabytes} MB of lines wait; further lines are lost. Peek tries again every ${retryMs / 1000} s.`,
        { cause: error, fields: { file: this.#path } },
      ),
    );
  }

  /** Reports a file that could not be compressed or renamed: the log itself continues. */
  #warn(error: unknown): void {
    const { dir, name, onTrouble } = this.#options;
    const message = `Failed to rotate a log file of ${name} in ${dir}: ${messageOf(error)}. The file is unchanged.`;
    onTrouble(new PeekError("LOG_FILE_UNUSABLE", message, { cause: error, fields: { dir } }));
  }

  #recover(): void {
    if (!this.#troubled || this.#queue.lost > 0) return;
    const lost = this.#lost;
    this.#troubled = false;
    this.#lost = 0;
    this.#options.onRecovery(lost);
  }

  /** The process exits before the sink was disposed. */
  readonly #onExit = (): void => {
    this.#retryAt = 0;
    this.#writeNow(true);
  };
}

async function until(work: Promise<void>, deadline: AbortSignal): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  deadline.addEventListener("abort", () => resolve(), { once: true });
  if (!deadline.aborted) await Promise.race([work, late]);
}
