import { readBody } from "./frameBodies.ts";
import { readError } from "./errorBody.ts";
import { streamWindow, streamWindowChars } from "./frames.ts";
import { type CallOwner, OutgoingCall } from "./OutgoingCall.ts";
import type { CallScope } from "./CallScope.ts";
import type { ClientProcedure } from "./ClientProcedure.ts";
import { deadlineExceeded, protocolBroken } from "./rpcErrors.ts";

/** What a stream needs of whoever makes calls. */
export interface StreamOwner extends CallOwner {
  /** Tells the peer that items were taken. */
  taken(call: StreamCall, count: number): void;
  /** The wait for an item begins; milliseconds. */
  waits(call: StreamCall, ms: number): void;
  /** Nothing is waited for now. */
  waitsNot(call: StreamCall): void;
}

interface Waiter {
  readonly resolve: (step: IteratorResult<unknown, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const over: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The items of a call that has many. The call is made when the first is asked for. */
export class StreamCall extends OutgoingCall implements AsyncIterableIterator<unknown, undefined> {
  readonly #streams: StreamOwner;
  readonly #open: (call: StreamCall) => Promise<void>;
  #isBegun = false;
  #isOver = false;
  /** What the consumer is told after the items that are here. */
  #failure: { readonly error: unknown } | undefined = undefined;
  readonly #items: string[] = [];
  #itemChars = 0;
  readonly #waiters: Waiter[] = [];
  /** What was taken since the peer was told last. */
  #taken = 0;
  #takenChars = 0;

  /** @param open Sends the call; settles when it was sent. */
  constructor(
    owner: StreamOwner,
    procedure: ClientProcedure,
    scope: CallScope,
    signal: AbortSignal | undefined,
    deadlineMs: number,
    open: (call: StreamCall) => Promise<void>,
  ) {
    super(owner, procedure, scope, signal, deadlineMs);
    this.#streams = owner;
    this.#open = open;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#itemChars -= item.length;
      return this.#take(item);
    }
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error);
    }
    if (this.#isOver) return Promise.resolve(over);
    const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<unknown, undefined>>();
    this.#waiters.push({ resolve, reject });
    if (!this.#isBegun) void this.#begin();
    else if (this.#waiters.length === 1) this.#streams.waits(this, this.deadlineMs);
    return promise;
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#isOver) {
      this.owner.cancel(this, false);
      this.#end();
    }
    this.#forgetItems();
    this.#failure = undefined;
    return Promise.resolve(over);
  }

  onItem(body: string): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      // Who keeps to the window sends nothing while 1 MiB is under way; another version may have a larger one.
      if (this.#items.length >= streamWindow || this.#itemChars >= 2 * streamWindowChars) {
        this.#broken("has sent more of a stream than it may");
        return;
      }
      this.#items.push(body);
      this.#itemChars += body.length;
      return;
    }
    this.#streams.waitsNot(this);
    if (this.#waiters.length > 0) this.#streams.waits(this, this.deadlineMs);
    this.#take(body).then(waiter.resolve, waiter.reject);
  }

  onEnd(): void {
    this.#end();
  }

  onError(body: string): void {
    const { peer } = this;
    if (peer !== undefined) this.fail(readError(body, this.procedure, peer.identity));
  }

  onResult(): void {
    this.#broken("has answered a call with one answer that its contract knows as a stream");
  }

  onExpired(): void {
    this.owner.cancel(this, true);
    this.fail(deadlineExceeded(this.procedure.title, this.peer?.identity.instance ?? "Nobody", this.deadlineMs));
  }

  /** The caller's signal has fired: it wants nothing any more. */
  override handleEvent(): void {
    this.#forgetItems();
    super.handleEvent();
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#failure = { error };
    else waiter.reject(error);
    this.#end();
  }

  async #begin(): Promise<void> {
    this.#isBegun = true;
    const began = performance.now();
    try {
      await this.#open(this);
    } catch (error) {
      this.fail(error);
      return;
    }
    // Given up while it was waited for somebody to call.
    if (this.#isOver) {
      this.owner.cancel(this, false);
      this.owner.ended(this);
    } else if (this.#waiters.length > 0) {
      this.#streams.waits(this, Math.max(1, this.deadlineMs - (performance.now() - began)));
    }
  }

  #take(body: string): Promise<IteratorResult<unknown, undefined>> {
    let value: unknown;
    try {
      value = readBody(this.procedure.output, body, this.procedure.outputTitle);
    } catch (error) {
      this.owner.cancel(this, false);
      this.#end();
      this.#forgetItems();
      this.#failure = undefined;
      return Promise.reject(error);
    }
    this.#taken += 1;
    this.#takenChars += body.length;
    const isDue = this.#taken >= streamWindow / 2 || this.#takenChars >= streamWindowChars / 4;
    if (isDue && !this.#isOver) {
      this.#streams.taken(this, this.#taken);
      this.#taken = 0;
      this.#takenChars = 0;
    }
    return Promise.resolve({ done: false, value });
  }

  #broken(how: string): void {
    const { peer } = this;
    if (peer === undefined) return;
    this.owner.cancel(this, false);
    this.fail(protocolBroken(peer.identity, how));
  }

  #forgetItems(): void {
    this.#items.length = 0;
    this.#itemChars = 0;
  }

  #end(): void {
    this.#isOver = true;
    this.owner.ended(this);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(over);
  }
}
