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
import { pause } from "./pause.ts";
import { PendingBatch } from "./PendingBatch.ts";

/** Which files a {@link FileSink} writes. */
export interface FileSinkOptions {
  /** The folder, made when it is missing (mode 0700). */
  readonly dir: string;
  /** The file's name without its ending: `peek-logic-service`. */
  readonly name: string;
  readonly format: LogFormat;
  /** Rotated files are removed when they are older than this; days. */
  readonly daysToKeep: number;
  /** A file is rotated before midnight when it gets larger than this; megabytes. */
  readonly maxFileMegabytes: number;
  /** Told once when lines cannot be written (the disk is full, say), and of lines that the end left unwritten. */
  readonly onTrouble: (trouble: PeekError) => void;
  /** Told when lines can be written again, with the number of those that were lost. */
  readonly onRecovery: (lost: number) => void;
  /** Told when another has moved or removed the file, and a new one was begun. */
  readonly onReopen: () => void;
}

/** After trouble, how long to wait before the file is tried again; milliseconds. */
const retryMs = 30_000;
/** How long the last lines are waited for, when the sink is disposed; milliseconds. */
const lastLinesMs = 2000;
/** How many bytes are written at once. */
const batchBytes = 256 * 1024;
/** When so many bytes wait, whoever logs waits for the disk: a loop that logs lets nothing else write. */
const crowdedBytes = 1024 * 1024;
/** How many bytes may wait when the disk takes none. */
const maxWaitingBytes = 8 * 1024 * 1024;
/** How long whoever logs waits for a disk that takes none; milliseconds. */
const standstillMs = 100;

/**
 * Writes to `<name>.log`, in the background. At midnight it becomes `<name>-<date>.<n>.log.gz` and a new one begins.
 * Trouble with the disk loses lines, not the service: some wait, the rest are counted, and the file says how many.
 */
export class FileSink implements LogSink {
  readonly #options: FileSinkOptions;
  readonly #path: string;
  readonly #queue: LineQueue;
  readonly #archive: LogArchive;
  #file: LogFile | undefined;
  #batch: PendingBatch | undefined;
  /** What the operating system was asked to append, and has not answered for. */
  #inFlight: PendingBatch | undefined;
  #writing: Promise<void> | undefined;
  #retryAt = 0;
  #retry: NodeJS.Timeout | undefined;
  #rotateAt = 0;
  /** Lost since the trouble began. */
  #lost = 0;
  #troubled = false;
  /** The disk has not answered for so long that nobody waits for it until it does. */
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
    if (this.#queue.bytes >= crowdedBytes) this.#writeNow(this.#queue.isFull);
    const taken = this.#queue.add(this.#options.format === "json" ? line.json : formatText(line.record, true));
    if (!taken) {
      this.#lost += 1;
      this.#report(new Error("the disk does not take the lines as fast as they come"));
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
    // What the disk has not answered for still needs it.
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
    // What is logged in one go is written in one go.
    await setImmediate();
    while (!this.#isIdle) {
      const file = this.#ready();
      if (file === undefined) break;
      const batch = this.#next();
      this.#inFlight = batch;
      try {
        const bytes = await file.append(batch.rest);
        // Unless it was seen in the file meanwhile.
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

  /** What is written next; there is some. */
  #next(): PendingBatch {
    // When all that waited is written, what was lost came after it.
    if (this.#batch === undefined && this.#queue.waiting === 0) this.#queue.noteLosses();
    this.#batch ??= new PendingBatch(this.#queue.take(batchBytes));
    return this.#batch;
  }

  /**
   * Writes all that waits before it returns, if the disk is known to answer.
   *
   * @param patient Whether a disk that does not answer is waited for, for a moment.
   */
  #writeNow(patient: boolean): void {
    if (this.#stuck || (this.#inFlight !== undefined && !this.#hasLanded(this.#inFlight, patient))) return;
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
   * Whether what is in flight is in the file: its answer can only be heard when whoever logs has finished. A disk that
   * did not answer in time is not waited for again until it has answered.
   */
  #hasLanded(batch: PendingBatch, patient: boolean): boolean {
    const { length } = batch.rest;
    const since = performance.now();
    while (this.#file?.hasGrownBy(length) === false) {
      if (!patient) return false;
      this.#stuck = performance.now() - since > standstillMs;
      if (this.#stuck) return false;
      pause(1);
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

  /** The file to write to now: opened, opened anew, or rotated. */
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
        `${this.#path} cannot be written: ${messageOf(error)}. Up to ${megabytes} MB of lines wait until it can; further lines are lost. It is tried again every ${retryMs / 1000} s.`,
        { cause: error, fields: { file: this.#path } },
      ),
    );
  }

  /** A file that could not be compressed or named as it should: the log itself goes on. */
  #warn(error: unknown): void {
    const { dir, name, onTrouble } = this.#options;
    const message = `A log file of ${name} in ${dir} could not be rotated as it should: ${messageOf(error)}. It was left there.`;
    onTrouble(new PeekError("LOG_FILE_UNUSABLE", message, { cause: error, fields: { dir } }));
  }

  #recover(): void {
    if (!this.#troubled || this.#queue.lost > 0) return;
    const lost = this.#lost;
    this.#troubled = false;
    this.#lost = 0;
    this.#options.onRecovery(lost);
  }

  /** The process ends without the sink having been disposed. */
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
