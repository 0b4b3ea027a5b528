import { PeekError, type PeekErrorCode } from "@peek/errors";
import type { TaskRequest } from "../queue/TaskQueue.ts";

/** What one statement has at most, unless one caller wants more at once. */
const mostRequests = 1000;
const mostCharacters = 4 * 1024 * 1024;

/** With these, it is what was inserted that was refused: another's may have been the reason. */
const refusals: ReadonlySet<PeekErrorCode> = new Set(["STORAGE_QUERY_FAILED", "STORAGE_CONSTRAINT"] as const);

/** Queues tasks, all or none, and gives their ids. */
export type Insert = (requests: readonly TaskRequest[]) => Promise<readonly string[]>;

interface Place {
  readonly requests: readonly TaskRequest[];
  readonly resolve: (ids: readonly string[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The tasks that are to be put into one queue: one statement after the other, which keeps their order. What comes in one turn of
 * the event loop, or while a statement is under way, goes together: the more there is, the less each costs.
 */
export class InsertLine {
  readonly #insert: Insert;
  readonly #alone: boolean;
  #places: Place[] = [];
  #working: Promise<void> | undefined;

  /** @param alone Whether tasks have to be queued one at a time. */
  constructor(insert: Insert, alone: boolean) {
    this.#insert = insert;
    this.#alone = alone;
  }

  /** Settles for these alone: they are queued all or none, whatever else goes with them. */
  async add(requests: readonly TaskRequest[]): Promise<readonly string[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
    this.#places.push({ requests, resolve, reject });
    this.#working ??= this.#work();
    return await promise;
  }

  /** When nothing is under way any more. */
  async idle(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    // Others of this turn come along.
    await Promise.resolve();
    while (this.#places.length > 0) {
      const places = this.#next();
      if (await this.#together(places)) continue;
      for (const place of places) await this.#together([place]);
    }
    this.#working = undefined;
  }

  /** Those that go together: at least one, with as many as fit. */
  #next(): readonly Place[] {
    let requests = 0;
    let characters = 0;
    let count = 0;
    for (const place of this.#places) {
      requests += place.requests.length;
      for (const { input } of place.requests) characters += input.length;
      if (count > 0 && (this.#alone || requests > mostRequests || characters > mostCharacters)) break;
      count += 1;
    }
    const places = this.#places.slice(0, count);
    this.#places = this.#places.slice(count);
    return places;
  }

  /** Returns false when nothing is settled yet, and each is to be tried by itself. */
  async #together(places: readonly Place[]): Promise<boolean> {
    try {
      const ids = await this.#insert(places.flatMap(({ requests }) => requests));
      let from = 0;
      for (const { requests, resolve } of places) {
        resolve(ids.slice(from, from + requests.length));
        from += requests.length;
      }
    } catch (error) {
      if (places.length > 1 && PeekError.is(error) && refusals.has(error.code)) return false;
      for (const { reject } of places) reject(error);
    }
    return true;
  }
}
