import type { PeekError } from "@peek/errors";
import { type ContextRunner, isThenable } from "@peek/kit";
import type { PeerIdentity, RpcCallContext } from "@peek/plugin-base";
import { CallContext } from "./CallContext.ts";
import { CallSignal, type EndReason } from "./CallSignal.ts";
import { errorBody, type Failure, failureOf, outputFailure, platformFailure } from "./callFailure.ts";
import { readBody, writeBody } from "./frameBodies.ts";
import type { CallingPeer, CallRequest, ReceivedCall } from "./ReceivedCall.ts";
import { isAbsence } from "./rpcErrors.ts";
import type { ServedProcedure } from "./ServedProcedure.ts";
import { ServedStream, type StreamOutput } from "./ServedStream.ts";
import { WheelTimer } from "./TimingWheel.ts";

/** Sends the answers of calls. */
export interface CallResponder {
  /** Sends a frame. Throws as `Bus.send`. */
  send(to: PeerIdentity, frame: string): void;
  /** Sends a frame that the caller waits for, now or later. Throws as `Bus.send` when the frame will not be sent. */
  sendControl(to: CallingPeer, frame: string): void;
  /** Forgets a call that gets no further answer. */
  settled(call: IncomingCall): void;
  /** Stops the deadline of a call: after the first item of a stream, only the caller measures the time. */
  stopDeadline(call: IncomingCall): void;
}

/** The contract that a call is for. */
export interface CallExecutor {
  /** Runs the plugin's code in the plugin's async context. */
  readonly run: ContextRunner;
  /** Removes a call from the queue. */
  dequeue(call: IncomingCall): void;
  /** The handler of a call has ended. */
  ended(call: IncomingCall): void;
  /** Logs an error that is the handler's fault. */
  logFault(call: IncomingCall, fault: unknown): void;
}

/** A call from a peer, which a contract runs. As a timer it runs until the call's deadline. */
export class IncomingCall extends WheelTimer implements RpcCallContext, StreamOutput, ReceivedCall {
  readonly peer: CallingPeer;
  readonly id: number;
  readonly contract: CallExecutor;
  readonly procedure: ServedProcedure;
  readonly #responder: CallResponder;
  readonly #idText: string;
  readonly #deadlineMs: number;
  /** Created on first use: most calls end without it. */
  #callSignal: CallSignal | undefined = undefined;
  #body: string;
  #hasSentItems = false;
  #isRunning = false;
  #isAwaited = true;
  #stream: ServedStream | undefined = undefined;

  constructor(
    responder: CallResponder,
    { peer, id, idText, body, deadlineMs }: CallRequest,
    contract: CallExecutor,
    procedure: ServedProcedure,
  ) {
    super();
    this.#responder = responder;
    this.peer = peer;
    this.id = id;
    this.#idText = idText;
    this.contract = contract;
    this.procedure = procedure;
    this.#body = body;
    this.#deadlineMs = deadlineMs;
  }

  /** The call as it arrived. Only before {@link start}. */
  get request(): CallRequest {
    const { peer, id } = this;
    const { route } = this.procedure;
    return { peer, id, idText: this.#idText, route, body: this.#body, deadlineMs: this.#deadlineMs };
  }

  get from(): PeerIdentity {
    return this.peer.identity;
  }

  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  get remainingMs(): number {
    return Math.max(0, this.dueAt - performance.now());
  }

  get #signal(): CallSignal {
    this.#callSignal ??= new CallSignal(this.procedure.title, this.from, this.contract.run);
    return this.#callSignal;
  }

  /** Whether the caller still waits for an answer. */
  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  get isStream(): boolean {
    return this.procedure.isStream;
  }

  get title(): string {
    return this.procedure.title;
  }

  get run(): ContextRunner {
    return this.contract.run;
  }

  /** How many characters the call holds while it is queued. */
  get bodyChars(): number {
    return this.#body.length;
  }

  /** When the caller stopped consuming the stream, by `performance.now()`; undefined while it consumes. */
  get stalledSince(): number | undefined {
    return this.#stream?.stalledSince;
  }

  /** Runs the handler. */
  start(): void {
    this.#isRunning = true;
    const { handler, input, inputTitle, isStream } = this.procedure;
    const body = this.#body;
    // A stream may stay open for long, and must not hold its input.
    this.#body = "";
    let value: unknown;
    try {
      value = readBody(input, body, inputTitle);
    } catch (error) {
      this.failPlatform(error);
      return;
    }
    let result: unknown;
    try {
      result = this.contract.run(handler, value, new CallContext(this));
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

  /** Answers with an error instead of running the handler. */
  refuse(error: PeekError): void {
    this.#settle();
    this.#reply("e", errorBody(error));
  }

  /** The caller does not wait any more. */
  abandon(reason: EndReason): void {
    if (!this.#isAwaited) return;
    this.#settle();
    if (!this.#isRunning) {
      this.contract.dequeue(this);
      return;
    }
    this.#signal.fire(reason);
    this.#stream?.abandon();
  }

  /** The contract is withdrawn: fires the handler's signal. The caller still gets the answer. */
  close(): void {
    if (!this.#isRunning) return;
    this.#signal.fire("VORTEX_CLOSED");
    // A stream may never end by itself.
    if (this.#stream !== undefined) this.#endStream(this.#stream, this.#signal.errorOf("VORTEX_CLOSED"));
  }

  /** The plugin is suspended: ends a stream, which its caller opens again. */
  interrupt(): void {
    if (!this.#isAwaited) return;
    this.#signal.fire("PLUGIN_UPDATING");
    if (this.#stream !== undefined) this.#endStream(this.#stream, this.#signal.errorOf("PLUGIN_UPDATING"));
  }

  /** Ends a stalled stream in favour of queued calls. */
  displace(error: PeekError): void {
    if (!this.#isAwaited) return;
    this.#signal.fire("DEADLINE_EXCEEDED");
    if (this.#stream !== undefined) this.#endStream(this.#stream, error);
  }

  onExpired(): void {
    this.abandon("DEADLINE_EXCEEDED");
  }

  /** The caller has consumed items. Returns false when it had not been sent as many. */
  addCredit(count: number): boolean {
    return this.#stream?.addCredit(count) ?? false;
  }

  sendItem(value: unknown): number {
    const body = writeBody(value, this.procedure.outputTitle);
    this.#responder.send(this.from, `n${this.#idText}\t${body}`);
    if (!this.#hasSentItems) {
      this.#hasSentItems = true;
      this.#responder.stopDeadline(this);
    }
    this.dueAt = performance.now() + this.#deadlineMs;
    return body.length;
  }

  finish(): void {
    if (this.#isAwaited) {
      this.#settle();
      this.#reply("d", undefined);
    }
    this.contract.ended(this);
  }

  fail(error: unknown): void {
    this.#fail(failureOf(error, this.procedure));
  }

  failPlatform(error: unknown): void {
    this.#fail(platformFailure(error, this.procedure));
  }

  failOutput(error: unknown): void {
    this.#fail(outputFailure(error, this.procedure));
  }

  #startStream(result: unknown): void {
    const stream = new ServedStream(this, result);
    this.#stream = stream;
    // The handler itself may have caused the call to end.
    const firedFor = this.#callSignal?.firedFor;
    if (firedFor !== undefined && this.#isAwaited) {
      this.#settle();
      this.#reply("e", errorBody(this.#signal.errorOf(firedFor)));
    }
    void stream.run();
    if (firedFor !== undefined) stream.abandon();
  }

  /** Ends the stream early, and sends the caller the reason. */
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
      this.contract.ended(this);
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
    this.contract.ended(this);
  }

  #fail(failure: Failure): void {
    // A handler that fails after its signal has fired has obeyed the signal: that is no fault.
    const isEnded = this.#callSignal?.firedFor !== undefined;
    if (failure.fault !== undefined && !isEnded) this.contract.logFault(this, failure.fault);
    if (this.#isAwaited) {
      const isStopped = failure.fault !== undefined && isEnded;
      this.#settle();
      this.#reply("e", isStopped ? errorBody(this.#signal.errorOf("VORTEX_CLOSED")) : failure.body);
    }
    this.contract.ended(this);
  }

  #settle(): void {
    this.#isAwaited = false;
    this.#responder.settled(this);
  }

  #reply(kind: "r" | "e" | "d", body: string | undefined): void {
    try {
      const frame = body === undefined ? kind + this.#idText : `${kind}${this.#idText}\t${body}`;
      this.#responder.sendControl(this.peer, frame);
    } catch (error) {
      // An absent caller learns of its own absence from its bus.
      if (!isAbsence(error)) this.#replyFailure(error);
    }
  }

  /** The answer cannot be sent: it is too large, or too much is queued for the caller. */
  #replyFailure(error: unknown): void {
    const { fault, body } = outputFailure(error, this.procedure);
    this.contract.logFault(this, fault ?? body);
    try {
      this.#responder.sendControl(this.peer, `e${this.#idText}\t${body}`);
    } catch {
      // The connection does not take even a short message; the caller's deadline ends the call.
    }
  }
}
