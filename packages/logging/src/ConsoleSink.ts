import { closeSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf, PeekError } from "@peek/errors";
import { formatText } from "./formatText.ts";
import { LineQueue } from "./LineQueue.ts";
import type { LogFormat, LogLine, LogSink } from "./LogSink.ts";
import { lostLinesNote } from "./lostLinesNote.ts";
import { openConsole } from "./openConsole.ts";
import { blockThread } from "./blockThread.ts";
import { PendingBatch } from "./PendingBatch.ts";

/** How lines are written to the console. */
export interface ConsoleSinkOptions {
  readonly format: LogFormat;
  /** Whether lines of text begin with date and time. */
  readonly timestamps: boolean;
  /** Called once when lines cannot be written: no program reads them, the terminal is closed, the disk is full. */
  readonly onTrouble: (trouble: PeekError) => void;
  /** Called when lines can be written again, with the number of lost lines. */
  readonly onRecovery: (lost: number) => void;
}

/** How many bytes may wait for a slow reader. */
const maxWaitingBytes = 1024 * 1024;
const batchBytes = 64 * 1024;
/** How often to try again to write to a slow reader. */
const retryMs = 20;
/** The same while lines are logged. */
const retryWhileLoggingMs = 2;
/** How often to try again to write to a console that failed. */
const troubledRetryMs = 1000;
/** How long a logging call blocks for a reader that reads nothing. */
const maxBlockMs = 100;
/** How long logging calls block for a slow reader in total, and the share of time by which this allowance is refilled. */
const blockBudgetMs = 1000;
const blockBudgetRefill = 0.1;
/** How long to wait for the last lines at the end. */
const lastLinesMs = 2000;

/**
 * Writes to standard output, each line before the logging call returns, so that the log of a crash is complete. For a slow
 * reader, logging calls block for a short time; then lines wait in memory, and further lines are counted and lost.
 */
export class ConsoleSink implements LogSink {
  readonly #options: ConsoleSinkOptions;
  readonly #queue: LineQueue;
  readonly #fd = openConsole();
  #batch: PendingBatch | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryAt = 0;
  /** How long logging calls may still block. */
  #blockBudget = blockBudgetMs;
  #refilledAt = performance.now();
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
    if (this.#queue.isFull && !this.#troubled) this.#blockForReader();
    if (!this.#queue.add(format === "json" ? line.json : formatText(line.record, timestamps))) this.#lost += 1;
    if (performance.now() >= this.#retryAt) this.#writeAll();
    if (this.#queue.isFull) this.#report(new Error("no program reads it, or not as fast as lines are logged"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const deadline = performance.now() + lastLinesMs;
    this.#retryAt = 0;
    while (!this.#writeAll() && !this.#troubled && performance.now() < deadline) await delay(retryMs);
    this.#ended = true;
    clearTimeout(this.#retry);
    if (this.#fd !== 1) closeSync(this.#fd);
  }

  /** Writes the waiting lines, as far as the console accepts them. */
  #writeAll(): boolean {
    let progress = false;
    try {
      for (;;) {
        // Lost lines came after all waiting ones.
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

  /** Gives the reader time: a loop that logs would otherwise lose lines that even a fast reader could read. */
  #blockForReader(): void {
    const begin = performance.now();
    this.#blockBudget = Math.min(blockBudgetMs, this.#blockBudget + (begin - this.#refilledAt) * blockBudgetRefill);
    const end = begin + Math.min(maxBlockMs, this.#blockBudget);
    while (this.#queue.isFull && !this.#troubled && performance.now() < end) {
      blockThread(1);
      this.#writeAll();
    }
    this.#refilledAt = performance.now();
    this.#blockBudget -= this.#refilledAt - begin;
  }

  #report(error: unknown): void {
    if (this.#troubled) return;
    this.#troubled = true;
    const message = `Standard output cannot be written: ${messageOf(error)}. Its lines are lost until it can be written again.`;
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
