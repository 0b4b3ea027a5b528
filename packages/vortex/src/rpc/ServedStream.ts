import { PeekError } from "@peek/errors";
import { streamWindow, streamWindowChars } from "./frames.ts";
import type { IncomingCall } from "./IncomingCall.ts";
import { isThenable } from "@peek/kit";
import { isAbsence } from "./rpcErrors.ts";

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/**
 * Sends what a handler's iterator gives, no faster than the caller takes it: the iterator is only asked for what there is
 * room for at the caller.
 */
export class ServedStream {
  readonly #call: IncomingCall;
  readonly #iterable: unknown;
  #iterator: AnyIterator | undefined;
  /** The lengths of the items that were sent and are not known to be taken, oldest first. */
  readonly #underWay: number[] = [];
  #underWayChars = 0;
  #onRoom: (() => void) | undefined;
  #isOver = false;
  /** Whether the iterator is being asked, so that it cannot be ended now. */
  #isAsking = false;
  #isAbandoned = false;
  #stalledSince: number | undefined = undefined;

  constructor(call: IncomingCall, iterable: unknown) {
    this.#call = call;
    this.#iterable = iterable;
  }

  /** Settles when the iterator has ended, for whatever reason. Never rejects. */
  async run(): Promise<void> {
    const call = this.#call;
    const { run } = call.procedure.contract;
    let iterator: AnyIterator | undefined;
    try {
      iterator = run(iteratorOf, this.#iterable);
    } catch (error) {
      this.#over(() => call.fail(error));
      return;
    }
    if (iterator === undefined) {
      this.#over(() => call.failOtherwise(notIterable(call.procedure.title)));
      return;
    }
    this.#iterator = iterator;
    try {
      while (call.isAwaited) {
        if (!this.#hasRoom()) {
          await this.#room();
          continue;
        }
        this.#isAsking = true;
        const asked = run(next, iterator);
        this.#isAsking = false;
        // It has had itself ended.
        if (this.#isAbandoned) this.abandon();
        const step = isThenable(asked) ? await asked : asked;
        if (!call.isAwaited) return;
        if (step.done === true) break;
        if (!this.#send(step.value)) return;
      }
      // Given up meanwhile, the iterator is returned by who has been told.
      if (call.isAwaited) this.#over(() => call.finish());
    } catch (error) {
      this.#over(() => call.fail(error));
    }
  }

  /** The caller has taken items. Returns whether it had been sent so many. */
  taken(count: number): boolean {
    if (count > this.#underWay.length) return false;
    for (const length of this.#underWay.splice(0, count)) this.#underWayChars -= length;
    this.#onRoom?.();
    return true;
  }

  /** Since when there has been no room for another item, by `performance.now()`; undefined: there is. */
  get stalledSince(): number | undefined {
    return this.#stalledSince;
  }

  /** Nobody wants items any more. */
  abandon(): void {
    this.#isAbandoned = true;
    if (this.#isAsking) return;
    this.#onRoom?.();
    void this.#end(() => this.#call.finish());
  }

  #hasRoom(): boolean {
    return this.#underWay.length < streamWindow && this.#underWayChars < streamWindowChars;
  }

  async #room(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onRoom = resolve;
    this.#stalledSince = performance.now();
    await promise;
    this.#stalledSince = undefined;
    this.#onRoom = undefined;
  }

  #send(value: unknown): boolean {
    try {
      const length = this.#call.sendItem(value);
      this.#underWay.push(length);
      this.#underWayChars += length;
      return true;
    } catch (error) {
      // One who is gone is going to be told of.
      void this.#end(() => (isAbsence(error) ? this.#call.finish() : this.#call.failOutput(error)));
      return false;
    }
  }

  /** Ends the iterator before its time. */
  async #end(then: () => void): Promise<void> {
    const iterator = this.#iterator;
    if (iterator !== undefined) {
      try {
        await this.#call.procedure.contract.run(giveBack, iterator);
      } catch (error) {
        this.#over(() => this.#call.fail(error));
      }
    }
    this.#over(then);
  }

  /** The iterator has ended, and the call with it. */
  #over(then: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    then();
  }
}

/** Undefined when it is not iterable. */
function iteratorOf(value: unknown): AnyIterator | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Symbol.asyncIterator in value) return iteratorBy(value, value[Symbol.asyncIterator]);
  return Symbol.iterator in value ? iteratorBy(value, value[Symbol.iterator]) : undefined;
}

function iteratorBy(value: object, make: unknown): AnyIterator | undefined {
  const iterator: unknown = typeof make === "function" ? Reflect.apply(make, value, []) : undefined;
  return isIterator(iterator) ? iterator : undefined;
}

function isIterator(value: unknown): value is AnyIterator {
  return typeof value === "object" && value !== null && "next" in value && typeof value.next === "function";
}

function notIterable(title: string): PeekError {
  return new PeekError(
    "CONTRACT_INVALID",
    `The handler of ${title} did not return what can be iterated over, which the contract has as a stream. Make it a generator: async *name() { … }`,
  );
}

function next(iterator: AnyIterator): IteratorResult<unknown> | Promise<IteratorResult<unknown>> {
  return iterator.next();
}

function giveBack(iterator: AnyIterator): unknown {
  return iterator.return?.();
}
