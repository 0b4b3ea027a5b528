import { closeSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf, PeekError } from "@peek/errors";
import { formatText } from "./formatText.ts";
import { LineQueue } from "./LineQueue.ts";
import type { LogFormat, LogLine, LogSink } from "./LogSink.ts";
import { lostLinesNote } from "./lostLinesNote.ts";
import { openConsole } from "./openConsole.ts";
import { pause } from "./pause.ts";
import { PendingBatch } from "./PendingBatch.ts";

/** How the console gets its lines. */
export interface ConsoleSinkOptions {
  readonly format: LogFormat;
  /** Whether text begins with date and time. */
  readonly timestamps: boolean;
  /** Told once when lines cannot be written: nobody reads, the terminal is gone, the disk is full. */
  readonly onTrouble: (trouble: PeekError) => void;
  /** Told when lines can be written again, with the number of those that were lost. */
  readonly onRecovery: (lost: number) => void;
}

/** How many bytes wait for a reader. */
const maxWaitingBytes = 1024 * 1024;
const batchBytes = 64 * 1024;
/** How often a reader that does not keep up is tried; milliseconds. */
const retryMs = 20;
/** How often while lines come; milliseconds. */
const retryWhileLoggingMs = 2;
/** How often a console that cannot be written is tried; milliseconds. */
const troubledRetryMs = 1000;
/** How long whoever logs waits for a reader that takes nothing; milliseconds. */
const standstillMs = 100;
/** How long whoever logs waits for a slow reader, and the share of all time that is; milliseconds. */
const patienceMs = 1000;
const patienceShare = 0.1;
/** How long the last lines are waited for; milliseconds. */
const lastLinesMs = 2000;

/**
 * Writes to standard output, each line before the call returns, so that a process that dies has said why. A reader that
 * does not keep up is waited for, but not for long: lines wait for it, and those that cannot are counted and lost.
 */
export class ConsoleSink implements LogSink {
  readonly #options: ConsoleSinkOptions;
  readonly #queue: LineQueue;
  readonly #fd = openConsole();
  #batch: PendingBatch | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryAt = 0;
  /** How much longer a slow reader may be waited for; milliseconds. */
  #patience = patienceMs;
  #patienceAt = performance.now();
  #lost = 0;
  #troubled = false;
  #ended = false;

  constructor(options: ConsoleSinkOptions) {
    this.#options = options;
    const { format, timestamps } = options;
    this.#queue = new LineQueue(maxWaitingBytes, (lost) => lostLinesNote("ConsoleSink", lost, format, timestamps));
  }

  write(line: LogLine): void {
    if (this.#ended) return;
    const { format, timestamps } = this.#options;
    if (this.#queue.isFull && !this.#troubled) this.#waitForReader();
    if (!this.#queue.add(format === "json" ? line.json : formatText(line.record, timestamps))) this.#lost += 1;
    if (performance.now() >= this.#retryAt) this.#writeAll();
    if (this.#queue.isFull) this.#report(new Error("nobody reads it, or not as fast as lines come"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const deadline = performance.now() + lastLinesMs;
    this.#retryAt = 0;
    while (!this.#writeAll() && !this.#troubled && performance.now() < deadline) await delay(retryMs);
    this.#ended = true;
    clearTimeout(this.#retry);
    if (this.#fd !== 1) closeSync(this.#fd);
  }

  /** Writes all that waits, as far as it is taken. */
  #writeAll(): boolean {
    let progress = false;
    try {
      for (;;) {
        // When all that waited is written, what was lost came after it.
        if (this.#queue.waiting === 0) this.#queue.noteLosses();
        if (this.#batch === undefined && this.#queue.waiting === 0) return true;
        this.#batch ??= new PendingBatch(this.#queue.take(batchBytes));
        this.#batch.advance(writeSync(this.#fd, this.#batch.rest));
        progress = true;
        if (!this.#batch.isDone) continue;
        this.#batch = undefined;
        if (this.#queue.lost === 0) this.#recover();
      }
    } catch (error) {
      if (isBusy(error)) this.#tryAgainIn(this.#troubled && !progress ? troubledRetryMs : retryMs);
      else {
        this.#tryAgainIn(troubledRetryMs);
        this.#report(error);
      }
      return false;
    }
  }

  #tryAgainIn(ms: number): void {
    this.#retryAt = performance.now() + (ms === retryMs ? retryWhileLoggingMs : ms);
    if (this.#ended) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#writeAll(), ms);
    this.#retry.unref();
  }

  /** Gives a reader the time to take something: a loop that logs would otherwise lose what a quick reader would take. */
  #waitForReader(): void {
    const begin = performance.now();
    this.#patience = Math.min(patienceMs, this.#patience + (begin - this.#patienceAt) * patienceShare);
    const end = begin + Math.min(standstillMs, this.#patience);
    while (this.#queue.isFull && !this.#troubled && performance.now() < end) {
      pause(1);
      this.#writeAll();
    }
    this.#patienceAt = performance.now();
    this.#patience -= this.#patienceAt - begin;
  }

  #report(error: unknown): void {
    if (this.#troubled) return;
    this.#troubled = true;
    const message = `Standard output cannot be written: ${messageOf(error)}. Lines for it are lost until it can.`;
    this.#options.onTrouble(new PeekError("LOG_CONSOLE_UNUSABLE", message, { cause: error }));
  }

  #recover(): void {
    if (!this.#troubled) return;
    const lost = this.#lost;
    this.#troubled = false;
    this.#lost = 0;
    this.#options.onRecovery(lost);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}
