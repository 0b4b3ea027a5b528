import { PeekError } from "@peek/errors";
import { type ContextRunner, isThenable } from "@peek/kit";
import { streamWindow, streamWindowChars } from "./frames.ts";
import { isAbsence } from "./rpcErrors.ts";

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** Where the items of a {@link ServedStream} go: the call that the stream answers. */
export interface StreamOutput {
  /** The procedure's title, for messages. */
  readonly title: string;
  /** Runs the plugin's code in the plugin's async context. */
  readonly run: ContextRunner;
  /** Whether the caller still waits for items. */
  readonly isAwaited: boolean;
  /** Sends an item; returns its length. Its errors are handled by {@link failOutput}. */
  sendItem(value: unknown): number;
  /** The stream is complete. */
  finish(): void;
  /** The handler threw. */
  fail(error: unknown): void;
  /** The call failed in the platform, before the handler. */
  failPlatform(error: unknown): void;
  /** An item of the handler cannot be sent. */
  failOutput(error: unknown): void;
}

/** Sends the items of a handler's iterator under flow control: it requests an item only when the caller has room for it. */
export class ServedStream {
  readonly #output: StreamOutput;
  readonly #iterable: unknown;
  #iterator: AnyIterator | undefined;
  /** The lengths of the items that the caller has not consumed, oldest first. */
  readonly #unconsumed: number[] = [];
  #unconsumedChars = 0;
  #onRoom: (() => void) | undefined;
  #isOver = false;
  /** Whether next() of the iterator is being called: the iterator cannot be ended from within. */
  #isInNext = false;
  #isAbandoned = false;
  #stalledSince: number | undefined = undefined;

  constructor(output: StreamOutput, iterable: unknown) {
    this.#output = output;
    this.#iterable = iterable;
  }

  /** Sends all items. Settles when the iterator has ended or failed, or was abandoned. Never rejects. */
  async run(): Promise<void> {
    const output = this.#output;
    const { run } = output;
    let iterator: AnyIterator | undefined;
    try {
      iterator = run(iteratorOf, this.#iterable);
    } catch (error) {
      this.#over(() => output.fail(error));
      return;
    }
    if (iterator === undefined) {
      this.#over(() => output.failPlatform(notIterable(output.title)));
      return;
    }
    this.#iterator = iterator;
    try {
      while (output.isAwaited) {
        if (!this.#hasRoom()) {
          await this.#room();
          continue;
        }
        this.#isInNext = true;
        const requested = run(next, iterator);
        this.#isInNext = false;
        // The iterator itself may have caused the call to end.
        if (this.#isAbandoned) this.abandon();
        const step = isThenable(requested) ? await requested : requested;
        if (!output.isAwaited) return;
        if (step.done === true) break;
        if (!this.#send(step.value)) return;
      }
      // If the caller has given up meanwhile, abandon() ends the iterator.
      if (output.isAwaited) this.#over(() => output.finish());
    } catch (error) {
      this.#over(() => output.fail(error));
    }
  }

  /** The caller has consumed items. Returns false when it had not been sent as many. */
  addCredit(count: number): boolean {
    if (count > this.#unconsumed.length) return false;
    for (const length of this.#unconsumed.splice(0, count)) this.#unconsumedChars -= length;
    this.#onRoom?.();
    return true;
  }

  /** When the window became full, by `performance.now()`; undefined while there is room. */
  get stalledSince(): number | undefined {
    return this.#stalledSince;
  }

  /** The caller wants no more items. */
  abandon(): void {
    this.#isAbandoned = true;
    if (this.#isInNext) return;
    this.#onRoom?.();
    void this.#end(() => this.#output.finish());
  }

  #hasRoom(): boolean {
    return this.#unconsumed.length < streamWindow && this.#unconsumedChars < streamWindowChars;
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
      const length = this.#output.sendItem(value);
      this.#unconsumed.push(length);
      this.#unconsumedChars += length;
      return true;
    } catch (error) {
      // An absent caller needs no error.
      void this.#end(() => (isAbsence(error) ? this.#output.finish() : this.#output.failOutput(error)));
      return false;
    }
  }

  /** Ends the iterator early. */
  async #end(then: () => void): Promise<void> {
    const iterator = this.#iterator;
    if (iterator !== undefined) {
      try {
        await this.#output.run(returnIterator, iterator);
      } catch (error) {
        this.#over(() => this.#output.fail(error));
      }
    }
    this.#over(then);
  }

  /** Ends the call, once. */
  #over(then: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    then();
  }
}

/** Undefined when the value is not iterable. */
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
    `The handler of ${title} did not return an iterable; its contract declares a stream. Make the handler a generator: async *name() { … }`,
  );
}

function next(iterator: AnyIterator): IteratorResult<unknown> | Promise<IteratorResult<unknown>> {
  return iterator.next();
}

function returnIterator(iterator: AnyIterator): unknown {
  return iterator.return?.();
}
