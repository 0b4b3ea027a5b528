import { PeekError, type PeekErrorCode } from "@peek/errors";
import type { TaskRequest } from "../queue/TaskQueue.ts";

/** The bounds of one statement. A single call with more tasks still goes in one statement. */
const maxRequests = 1000;
const maxCharacters = 4 * 1024 * 1024;

/** Errors that the inserted data may have caused: one caller's tasks must not fail because of another's. */
const dataErrors: ReadonlySet<PeekErrorCode> = new Set(["STORAGE_QUERY_FAILED", "STORAGE_CONSTRAINT"] as const);

/** Queues all given tasks or none, and returns their ids in the same order. */
export type Insert = (requests: readonly TaskRequest[]) => Promise<readonly string[]>;

interface PendingInsert {
  readonly requests: readonly TaskRequest[];
  readonly resolve: (ids: readonly string[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Inserts the tasks of one queue. Statements run one after the other, which keeps the order of the calls. Calls of the same tick of
 * the event loop, and calls made while a statement runs, share a statement: under load, each task costs less.
 */
export class InsertBatcher {
  readonly #insert: Insert;
  readonly #isBatching: boolean;
  #pending: PendingInsert[] = [];
  #draining: Promise<void> | undefined;

  /** @param isBatching Whether calls may share a statement. */
  constructor(insert: Insert, isBatching: boolean) {
    this.#insert = insert;
    this.#isBatching = isBatching;
  }

  /**
   * Queues all of these tasks or none, independently of other calls in the same statement.
   *
   * @returns Their ids.
   * @throws PeekError as the database.
   */
  async add(requests: readonly TaskRequest[]): Promise<readonly string[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
    this.#pending.push({ requests, resolve, reject });
    this.#draining ??= this.#drain();
    return await promise;
  }

  /** Resolves when no statement runs or waits. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // Other calls of this tick join the batch.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const batch = this.#nextBatch();
      if (await this.#insertBatch(batch)) continue;
      for (const pending of batch) await this.#insertBatch([pending]);
    }
    this.#draining = undefined;
  }

  /** At least one call, and as many more as fit into a statement. */
  #nextBatch(): readonly PendingInsert[] {
    let requests = 0;
    let characters = 0;
    let count = 0;
    for (const pending of this.#pending) {
      requests += pending.requests.length;
      for (const { input } of pending.requests) characters += input.length;
      if (count > 0 && (!this.#isBatching || requests > maxRequests || characters > maxCharacters)) break;
      count += 1;
    }
    const batch = this.#pending.slice(0, count);
    this.#pending = this.#pending.slice(count);
    return batch;
  }

  /** Returns false when nothing is settled, and each call has to be inserted by itself. */
  async #insertBatch(batch: readonly PendingInsert[]): Promise<boolean> {
    try {
      const ids = await this.#insert(batch.flatMap(({ requests }) => requests));
      let from = 0;
      for (const { requests, resolve } of batch) {
        resolve(ids.slice(from, from + requests.length));
        from += requests.length;
      }
    } catch (error) {
      if (batch.length > 1 && PeekError.is(error) && dataErrors.has(error.code)) return false;
      for (const { reject } of batch) reject(error);
    }
    return true;
  }
}
