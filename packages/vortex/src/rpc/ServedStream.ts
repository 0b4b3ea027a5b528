import { PeekError } from "@peek/errors";
import { streamWindow, streamWindowChars } from "./frames.ts";
import type { IncomingCall } from "./IncomingCall.ts";
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

  constructor(call: IncomingCall, iterable: unknown) {
    this.#call = call;
    this.#iterable = iterable;
  }

  /** Settles when the iterator has ended, for whatever reason. Never rejects. */
  async run(): Promise<void> {
    const call = this.#call;
    const { run } = call.procedure.contract;
    try {
      const iterator = run(iteratorOf, this.#iterable, call.procedure.title);
      this.#iterator = iterator;
      while (call.isAwaited) {
        if (!this.#hasRoom()) {
          await this.#room();
          continue;
        }
        const asked = run(next, iterator);
        const step = "then" in asked ? await asked : asked;
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

  /** Nobody wants items any more. */
  abandon(): void {
    this.#onRoom?.();
    void this.#end(() => this.#call.finish());
  }

  #hasRoom(): boolean {
    return this.#underWay.length < streamWindow && this.#underWayChars < streamWindowChars;
  }

  async #room(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onRoom = resolve;
    await promise;
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

function iteratorOf(value: unknown, title: string): AnyIterator {
  if (typeof value === "object" && value !== null) {
    if (Symbol.asyncIterator in value) return iteratorBy(value, value[Symbol.asyncIterator], title);
    if (Symbol.iterator in value) return iteratorBy(value, value[Symbol.iterator], title);
  }
  throw notIterable(title);
}

function iteratorBy(value: object, make: unknown, title: string): AnyIterator {
  const iterator: unknown = typeof make === "function" ? Reflect.apply(make, value, []) : undefined;
  if (isIterator(iterator)) return iterator;
  throw notIterable(title);
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
