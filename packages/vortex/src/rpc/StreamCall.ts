import type { PluginScope } from "@peek/kit";
import type { ClientProcedure } from "./ClientProcedure.ts";
import { readError } from "./callFailure.ts";
import { readBody } from "./frameBodies.ts";
import { streamWindow, streamWindowChars } from "./frames.ts";
import { type CallSender, OutgoingCall } from "./OutgoingCall.ts";

/** The sender of calls, as an open stream needs it. */
export interface StreamSender extends CallSender {
  /** Notifies the peer that items were consumed. */
  grantCredit(call: StreamCall, count: number): void;
  /** Starts the deadline of the next item. */
  startDeadline(call: StreamCall, ms: number): void;
  /** Stops the deadline: no item is requested now. */
  stopDeadline(call: StreamCall): void;
}

interface Waiter {
  readonly resolve: (step: IteratorResult<unknown, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** A call that is answered with a stream of items. It is sent when the first item is requested. */
export class StreamCall extends OutgoingCall implements AsyncIterableIterator<unknown, undefined> {
  readonly #streamSender: StreamSender;
  readonly #open: (call: StreamCall) => Promise<void>;
  #isOpened = false;
  #isOver = false;
  /** The error that the consumer gets after the received items. */
  #failure: { readonly error: unknown } | undefined = undefined;
  /** Items that were received and not requested yet. */
  readonly #items: string[] = [];
  #itemChars = 0;
  /** Requests that no item has been received for. */
  readonly #waiters: Waiter[] = [];
  /** Items consumed since the last credit was granted. */
  #consumed = 0;
  #consumedChars = 0;

  /** @param open Sends the call; settles when it is sent. */
  constructor(
    sender: StreamSender,
    procedure: ClientProcedure,
    scope: PluginScope,
    signal: AbortSignal | undefined,
    deadlineMs: number,
    open: (call: StreamCall) => Promise<void>,
  ) {
    super(sender, procedure, scope, signal, deadlineMs);
    this.#streamSender = sender;
    this.#open = open;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#itemChars -= item.length;
      return this.#consume(item);
    }
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error);
    }
    if (this.#isOver) return Promise.resolve(done);
    const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<unknown, undefined>>();
    this.#waiters.push({ resolve, reject });
    if (!this.#isOpened) void this.#begin();
    else if (this.#waiters.length === 1) this.#streamSender.startDeadline(this, this.deadlineMs);
    return promise;
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#isOver) {
      this.sender.cancel(this, false);
      this.#end();
    }
    this.#dropItems();
    this.#failure = undefined;
    return Promise.resolve(done);
  }

  onItem(body: string): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      // The window is checked leniently: a peer of another version may have a larger one.
      if (this.#items.length >= streamWindow || this.#itemChars >= 2 * streamWindowChars) {
        this.failProtocol(`sent more items of ${this.procedure.title} than the stream's window admits`);
        return;
      }
      this.#items.push(body);
      this.#itemChars += body.length;
      return;
    }
    this.#streamSender.stopDeadline(this);
    if (this.#waiters.length > 0) this.#streamSender.startDeadline(this, this.deadlineMs);
    this.#consume(body).then(waiter.resolve, waiter.reject);
  }

  onEnd(): void {
    this.#end();
  }

  onError(body: string): void {
    if (this.peer !== undefined) this.fail(readError(body, this.procedure, this.peer.identity));
  }

  onResult(): void {
    this.failProtocol(`answered a call of ${this.procedure.title} with one value; its contract declares a stream`);
  }

  /** The caller's signal has fired: the received items are dropped. */
  override handleEvent(): void {
    this.#dropItems();
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
    this.#isOpened = true;
    const startedAt = performance.now();
    try {
      await this.#open(this);
    } catch (error) {
      this.fail(error);
      return;
    }
    // The consumer may have given up while the call waited for a peer.
    if (this.#isOver) {
      this.sender.cancel(this, false);
      this.sender.ended(this);
    } else if (this.#waiters.length > 0) {
      this.#streamSender.startDeadline(this, Math.max(1, this.deadlineMs - (performance.now() - startedAt)));
    }
  }

  #consume(body: string): Promise<IteratorResult<unknown, undefined>> {
    let value: unknown;
    try {
      value = readBody(this.procedure.output, body, this.procedure.outputTitle);
    } catch (error) {
      this.sender.cancel(this, false);
      this.#end();
      this.#dropItems();
      this.#failure = undefined;
      return Promise.reject(error);
    }
    this.#consumed += 1;
    this.#consumedChars += body.length;
    const isCreditDue = this.#consumed >= streamWindow / 2 || this.#consumedChars >= streamWindowChars / 4;
    if (isCreditDue && !this.#isOver) {
      this.#streamSender.grantCredit(this, this.#consumed);
      this.#consumed = 0;
      this.#consumedChars = 0;
    }
    return Promise.resolve({ done: false, value });
  }

  #dropItems(): void {
    this.#items.length = 0;
    this.#itemChars = 0;
  }

  #end(): void {
    this.#isOver = true;
    this.sender.ended(this);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(done);
  }
}
