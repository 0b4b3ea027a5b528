import { PeekError } from "@peek/errors";
import type { PeerIdentity, RpcCallContext } from "@peek/plugin-base";
import { readBody, writeBody } from "./frameBodies.ts";
import { CallContext } from "./CallContext.ts";
import { WheelTimer } from "./TimingWheel.ts";
import { errorBody, type Failure, failureOf, outputFailure, platformFailure } from "./errorBody.ts";
import type { PeerRecord } from "./PeerRecord.ts";
import { isThenable } from "@peek/kit";
import type { ServedProcedure } from "./ServedProcedure.ts";
import { isAbsence } from "./rpcErrors.ts";
import { ServedStream } from "./ServedStream.ts";

/** What the one who answers calls is, for a call that is being answered. */
export interface CallHost {
  /** Sends a text to a caller; throws as a bus does. */
  send(to: PeerIdentity, text: string): void;
  /** Sends a text that the caller waits for, now or later; throws as a bus does when it is not going to be sent. */
  notify(to: PeerRecord, text: string): void;
  /** No answer will be sent any more. */
  settled(call: IncomingCall): void;
  /** Its deadline is over with its first item: from then on the caller alone measures the time. */
  untimed(call: IncomingCall): void;
}

/** Why a handler's signal fires. */
export type EndReason = "CALL_CANCELLED" | "DEADLINE_EXCEEDED" | "PEER_GONE" | "VORTEX_CLOSED";

/** A call that a peer has made. */
export class IncomingCall extends WheelTimer implements RpcCallContext {
  readonly peer: PeerRecord;
  readonly id: number;
  readonly procedure: ServedProcedure;
  readonly #host: CallHost;
  /** As the caller wrote it. */
  readonly #idText: string;
  readonly #deadlineMs: number;
  #body: string;
  /** Whether its first item has been sent. */
  #hasItems = false;
  #isRunning = false;
  /** Whether the caller waits for an answer. */
  #isAwaited = true;
  #endReason: EndReason | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #stream: ServedStream | undefined = undefined;

  constructor(
    host: CallHost,
    peer: PeerRecord,
    id: number,
    idText: string,
    procedure: ServedProcedure,
    body: string,
    deadlineMs: number,
  ) {
    super();
    this.#host = host;
    this.peer = peer;
    this.id = id;
    this.#idText = idText;
    this.procedure = procedure;
    this.#body = body;
    this.#deadlineMs = deadlineMs;
  }

  get from(): PeerIdentity {
    return this.peer.identity;
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#newController();
    return this.#controller.signal;
  }

  get remainingMs(): number {
    return Math.max(0, this.due - performance.now());
  }

  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  get isStream(): boolean {
    return this.procedure.isStream;
  }

  /** How many characters it keeps until it is its turn. */
  get bodyChars(): number {
    return this.#body.length;
  }

  /** Since when the caller has not made room for more items of the stream, by `performance.now()`; undefined: it has. */
  get stalledSince(): number | undefined {
    return this.#stream?.stalledSince;
  }

  /** Runs the handler: its turn has come. */
  start(): void {
    this.#isRunning = true;
    const { contract, handler, input, inputTitle, isStream } = this.procedure;
    const body = this.#body;
    // A stream may be open for long.
    this.#body = "";
    let value: unknown;
    try {
      value = readBody(input, body, inputTitle);
    } catch (error) {
      this.failOtherwise(error);
      return;
    }
    let result: unknown;
    try {
      result = contract.run(handler, value, new CallContext(this));
      if (isStream) {
        this.#startStream(result);
        return;
      }
      if (isThenable(result)) {
        void this.#await(result);
        return;
      }
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#answer(result);
  }

  /** It is not run. */
  refuse(error: PeekError): void {
    this.#settle();
    this.#reply("e", errorBody(error));
  }

  /** Nobody waits for the answer any more. */
  abandon(reason: EndReason): void {
    if (!this.#isAwaited) return;
    this.#settle();
    if (!this.#isRunning) {
      this.procedure.contract.leave(this);
      return;
    }
    this.#fire(reason);
    this.#stream?.abandon();
  }

  /** The handler is to come to an end; the caller still gets what it gives. */
  close(): void {
    if (!this.#isRunning) return;
    this.#fire("VORTEX_CLOSED");
    // It might go on for ever.
    if (this.#stream !== undefined) this.#endStream(this.#stream, this.#reason("VORTEX_CLOSED"));
  }

  /** The stream is to make room for others. */
  displace(error: PeekError): void {
    if (!this.#isAwaited) return;
    this.#fire("DEADLINE_EXCEEDED");
    if (this.#stream !== undefined) this.#endStream(this.#stream, error);
  }

  onExpired(): void {
    this.abandon("DEADLINE_EXCEEDED");
  }

  /** The caller has taken items. Returns whether it had been sent so many. */
  taken(count: number): boolean {
    return this.#stream?.taken(count) ?? false;
  }

  /** Sends an item; returns its length. Throws what {@link failOutput} takes. */
  sendItem(value: unknown): number {
    const body = writeBody(value, this.procedure.outputTitle);
    this.#host.send(this.from, `n${this.#idText}\t${body}`);
    if (!this.#hasItems) {
      this.#hasItems = true;
      this.#host.untimed(this);
    }
    this.due = performance.now() + this.#deadlineMs;
    return body.length;
  }

  /** The stream is over. */
  finish(): void {
    if (this.#isAwaited) {
      this.#settle();
      this.#reply("d", undefined);
    }
    this.procedure.contract.ended(this);
  }

  /** The handler has thrown. */
  fail(error: unknown): void {
    this.#fail(failureOf(error, this.procedure));
  }

  /** It failed by no fault of the handler's. */
  failOtherwise(error: unknown): void {
    this.#fail(platformFailure(error, this.procedure));
  }

  /** What the handler gave cannot be sent. */
  failOutput(error: unknown): void {
    this.#fail(outputFailure(error, this.procedure));
  }

  #startStream(result: unknown): void {
    const stream = new ServedStream(this, result);
    this.#stream = stream;
    // The handler itself may have had it ended.
    if (this.#endReason !== undefined && this.#isAwaited) {
      this.#settle();
      this.#reply("e", errorBody(this.#reason(this.#endReason)));
    }
    void stream.run();
    if (this.#endReason !== undefined) stream.abandon();
  }

  /** Ends the stream before its time, and tells the caller why. */
  #endStream(stream: ServedStream, error: PeekError): void {
    this.#settle();
    this.#reply("e", errorBody(error));
    stream.abandon();
  }

  async #await(result: PromiseLike<unknown>): Promise<void> {
    let value: unknown;
    try {
      value = await result;
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#answer(value);
  }

  #answer(value: unknown): void {
    if (!this.#isAwaited) {
      this.procedure.contract.ended(this);
      return;
    }
    let body: string;
    try {
      body = this.procedure.hasOutput ? writeBody(value, this.procedure.outputTitle) : "";
    } catch (error) {
      this.failOutput(error);
      return;
    }
    this.#settle();
    this.#reply("r", body);
    this.procedure.contract.ended(this);
  }

  #fail(failure: Failure): void {
    // What fails after its signal has fired has done as it was told.
    const isEnded = this.#endReason !== undefined;
    if (failure.fault !== undefined && !isEnded) this.procedure.contract.logFault(this, failure.fault);
    if (this.#isAwaited) {
      const isStopped = failure.fault !== undefined && isEnded;
      this.#settle();
      this.#reply("e", isStopped ? errorBody(this.#reason("VORTEX_CLOSED")) : failure.body);
    }
    this.procedure.contract.ended(this);
  }

  #settle(): void {
    this.#isAwaited = false;
    this.#host.settled(this);
  }

  #reply(kind: "r" | "e" | "d", body: string | undefined): void {
    try {
      this.#host.notify(this.peer, body === undefined ? kind + this.#idText : `${kind}${this.#idText}\t${body}`);
    } catch (error) {
      // One who is not there any more knows it, or is going to be told.
      if (!isAbsence(error)) this.#replyInstead(error);
    }
  }

  /** The answer cannot be sent: it is too large, or too much waits to be sent already. */
  #replyInstead(error: unknown): void {
    const { fault, body } = outputFailure(error, this.procedure);
    this.procedure.contract.logFault(this, fault ?? body);
    try {
      this.#host.notify(this.peer, `e${this.#idText}\t${body}`);
    } catch {
      // The connection is full to the brim; the caller is told by its deadline.
    }
  }

  #fire(reason: EndReason): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    const controller = this.#controller;
    // Its listeners are the plugin's code.
    if (controller !== undefined) this.procedure.contract.run(abort, controller, this.#reason(reason));
  }

  #newController(): AbortController {
    const controller = new AbortController();
    if (this.#endReason !== undefined) controller.abort(this.#reason(this.#endReason));
    return controller;
  }

  #reason(code: EndReason): PeekError {
    return new PeekError(
      code,
      `The call of ${this.procedure.title} by ${this.from.instance} is over: ${words[code]}.`,
      {
        fields: { procedure: this.procedure.title, service: this.from.service, instance: this.from.instance },
      },
    );
  }
}

const words = {
  CALL_CANCELLED: "it was given up by the caller",
  DEADLINE_EXCEEDED: "its deadline has passed",
  PEER_GONE: "the caller is gone, or the way to it was cut",
  VORTEX_CLOSED: "what serves it is being stopped",
} as const satisfies Record<EndReason, string>;

function abort(controller: AbortController, reason: PeekError): void {
  controller.abort(reason);
}
