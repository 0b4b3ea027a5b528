import { messageOf, PeekError } from "@peek/errors";
import type { RpcAnswer, RpcCallOptions, RpcClientOptions, RpcTarget, ServiceName } from "@peek/plugin-base";
import type { RpcContract } from "@peek/plugin-base/contracts";
import type { Bus } from "@peek/bus";
import { checkPeer, checkService } from "../checkServices.ts";
import { writeBody } from "./frameBodies.ts";
import type { CallScope, CallScopeSource } from "./CallScope.ts";
import { type CallTarget, InstanceTarget, ServiceTarget } from "./CallTarget.ts";
import { ClientProcedure } from "./ClientProcedure.ts";
import type { TimingWheel } from "./TimingWheel.ts";
import { maxDeadlineMs, readId } from "./frames.ts";
import type { ControlMessages } from "./ControlMessages.ts";
import type { OutgoingCall } from "./OutgoingCall.ts";
import type { PeerDirectory } from "./PeerDirectory.ts";
import type { PeerRecord } from "./PeerRecord.ts";
import type { PeerRecords } from "./PeerRecords.ts";
import { deadlineExceeded, peerGone, released } from "./rpcErrors.ts";
import { SingleCall } from "./SingleCall.ts";
import { StreamCall, type StreamOwner } from "./StreamCall.ts";

const defaultDeadlineMs = 30_000;

type CallFunction = (input?: unknown, options?: RpcCallOptions) => unknown;

/** What all calls of a client have in common. */
interface Client {
  readonly scopes: CallScopeSource;
  readonly deadlineMs: number;
  readonly wait: boolean;
  readonly signal: AbortSignal | undefined;
}

/** What one call is told, with the client's own where it says nothing. */
interface CallTerms {
  readonly scope: CallScope;
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number;
  readonly wait: boolean;
}

/** Makes calls, and takes their answers. */
export class RpcCaller implements StreamOwner {
  readonly #bus: Bus;
  readonly #records: PeerRecords;
  readonly #directory: PeerDirectory;
  readonly #deadlines: TimingWheel;
  readonly #notices: ControlMessages;
  #lastId = 0;

  constructor(
    bus: Bus,
    records: PeerRecords,
    directory: PeerDirectory,
    deadlines: TimingWheel,
    notices: ControlMessages,
  ) {
    this.#bus = bus;
    this.#records = records;
    this.#directory = directory;
    this.#deadlines = deadlines;
    this.#notices = notices;
  }

  /**
   * The functions that call a procedure each, by its name.
   *
   * @throws PeekError `CONTRACT_INVALID`
   */
  client(contract: RpcContract, options: RpcClientOptions, scopes: CallScopeSource): Record<string, CallFunction> {
    const target = this.#target(contract, options.to);
    const client = clientOf(options, scopes);
    return functionsOf(contract, (procedure) =>
      procedure.isStream
        ? (input, options) => this.#stream(procedure, target, client, input, options)
        : (input, options) => this.#single(procedure, target, client, input, options),
    );
  }

  /**
   * The same for all instances of a service at once.
   *
   * @throws PeekError `CONTRACT_INVALID`
   */
  clientOfAll(
    contract: RpcContract,
    options: RpcClientOptions & { readonly to: ServiceName },
    scopes: CallScopeSource,
  ): Record<string, CallFunction> {
    const to = checkService(options.to, `${contract.name} cannot be called`);
    const target = new ServiceTarget(this.#directory, this.#records, contract, to);
    const client = clientOf(options, scopes);
    return functionsOf(contract, (procedure) =>
      procedure.isStream ? undefined : (input, options) => this.#everyone(procedure, target, client, input, options),
    );
  }

  /** Takes an answer. Returns whether it is one. */
  onResult(peer: PeerRecord, text: string): boolean {
    const tab = text.indexOf("\t");
    const id = readId(text, 1, tab);
    // A call that was given up meanwhile is not there any more.
    peer.outgoing.get(id)?.onResult(text.slice(tab + 1));
    return id !== -1;
  }

  /** Takes an answer that is an error. Returns whether it is one. */
  onError(peer: PeerRecord, text: string): boolean {
    const tab = text.indexOf("\t");
    const id = readId(text, 1, tab);
    peer.outgoing.get(id)?.onError(text.slice(tab + 1));
    return id !== -1;
  }

  /** Takes an item of a stream. Returns whether it is one. */
  onItem(peer: PeerRecord, text: string): boolean {
    const tab = text.indexOf("\t");
    const id = readId(text, 1, tab);
    peer.outgoing.get(id)?.onItem(text.slice(tab + 1));
    return id !== -1;
  }

  /** Takes the end of a stream. Returns whether it is one. */
  onEnd(peer: PeerRecord, text: string): boolean {
    const id = readId(text, 1, text.length);
    peer.outgoing.get(id)?.onEnd();
    return id !== -1;
  }

  /** A peer answers nothing any more. */
  onGone(peer: PeerRecord): void {
    for (const call of peer.outgoing.values()) call.fail(peerGone(call.procedure.title, peer.identity));
  }

  /** Gives up what was begun in a phase of a plugin that is over. */
  release(scope: CallScope): void {
    this.#directory.release(scope);
    for (const { outgoing } of this.#records.all()) {
      for (const call of outgoing.values()) if (call.scope === scope) this.#giveUp(call, released(scope.plugin));
    }
  }

  /** Gives up everything. */
  close(): void {
    this.#directory.close();
    const error = released(`The ${this.#bus.self.service} service`);
    for (const { outgoing } of this.#records.all()) for (const call of outgoing.values()) this.#giveUp(call, error);
  }

  ended(call: OutgoingCall): void {
    call.peer?.outgoing.delete(call.id);
    this.#deadlines.remove(call);
    call.signal?.removeEventListener("abort", call);
  }

  cancel(call: OutgoingCall, isLate: boolean): void {
    const { peer } = call;
    if (peer === undefined || !peer.outgoing.has(call.id)) return;
    this.#notify(peer, `x${call.id.toString(36)}${isLate ? " d" : ""}`);
  }

  taken(call: StreamCall, count: number): void {
    if (call.peer !== undefined) this.#notify(call.peer, `k${call.id.toString(36)} ${count}`);
  }

  waits(call: StreamCall, ms: number): void {
    this.#deadlines.add(call, ms);
  }

  waitsNot(call: StreamCall): void {
    this.#deadlines.remove(call);
  }

  #target(contract: RpcContract, to: RpcTarget): CallTarget {
    const what = `${contract.name} cannot be called`;
    if (typeof to === "object" && to !== null) {
      return new InstanceTarget(this.#directory, this.#records, contract, checkPeer(to, what));
    }
    return new ServiceTarget(this.#directory, this.#records, contract, checkService(to, what));
  }

  #single(
    procedure: ClientProcedure,
    target: CallTarget,
    client: Client,
    input: unknown,
    options: RpcCallOptions | undefined,
  ): Promise<unknown> {
    try {
      const terms = termsOf(client, options, procedure);
      const body = writeBody(input, procedure.inputTitle);
      const call = new SingleCall(this, procedure, terms.scope, terms.signal, terms.deadlineMs);
      const peer = target.pick(terms.wait);
      if (peer !== undefined) this.#send(call, peer, body, terms.deadlineMs);
      else this.#sendLater(call, target, body, terms, undefined, (error) => call.fail(error));
      return call.answer;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Each iteration is a call of its own. */
  #stream(
    procedure: ClientProcedure,
    target: CallTarget,
    client: Client,
    input: unknown,
    options: RpcCallOptions | undefined,
  ): AsyncIterable<unknown> {
    const terms = termsOf(client, options, procedure);
    const open = async (call: StreamCall): Promise<void> => {
      call.signal?.throwIfAborted();
      if (terms.scope.isOver) throw released(terms.scope.plugin);
      const body = writeBody(input, procedure.inputTitle);
      const peer = target.pick(terms.wait);
      if (peer !== undefined) {
        this.#send(call, peer, body, terms.deadlineMs);
        return;
      }
      const { promise: sent, resolve, reject } = Promise.withResolvers<void>();
      this.#sendLater(call, target, body, terms, resolve, reject);
      await sent;
    };
    return {
      [Symbol.asyncIterator]: () => new StreamCall(this, procedure, terms.scope, terms.signal, terms.deadlineMs, open),
    };
  }

  async #everyone(
    procedure: ClientProcedure,
    target: ServiceTarget,
    client: Client,
    input: unknown,
    options: RpcCallOptions | undefined,
  ): Promise<readonly RpcAnswer<unknown>[]> {
    const terms = termsOf(client, options, procedure);
    const body = writeBody(input, procedure.inputTitle);
    const call = (deadlineMs: number): readonly Promise<RpcAnswer<unknown>>[] =>
      target.candidates().map(async (peer) => await this.#answerOf(peer, procedure, terms, body, deadlineMs));
    if (target.outlook(terms.wait) === "go") return await Promise.all(call(terms.deadlineMs));
    const { promise: called, resolve, reject } = Promise.withResolvers<readonly Promise<RpcAnswer<unknown>>[]>();
    this.#wait(target, terms, (remainingMs) => resolve(call(remainingMs)), reject);
    return await Promise.all(await called);
  }

  /** Calls one of all. Sends at once, and never rejects. */
  async #answerOf(
    peer: PeerRecord,
    procedure: ClientProcedure,
    { scope, signal, deadlineMs }: CallTerms,
    body: string,
    remainingMs: number,
  ): Promise<RpcAnswer<unknown>> {
    const from = peer.identity;
    try {
      const call = new SingleCall(this, procedure, scope, signal, deadlineMs);
      this.#send(call, peer, body, remainingMs);
      return { status: "fulfilled", from, value: await call.answer };
    } catch (error) {
      return { status: "rejected", from, reason: peekErrorOf(error, procedure) };
    }
  }

  /** Sends a call once there is somebody. */
  #sendLater(
    call: OutgoingCall,
    target: CallTarget,
    body: string,
    terms: CallTerms,
    sent: (() => void) | undefined,
    fail: (error: unknown) => void,
  ): void {
    const go = (remainingMs: number): void => {
      const peer = target.pick(terms.wait);
      if (peer === undefined) throw target.absence();
      this.#send(call, peer, body, remainingMs);
      sent?.();
    };
    this.#wait(target, terms, go, fail);
  }

  /** Waits for somebody to be called; hands on what is left of the time. */
  #wait(
    target: CallTarget,
    { scope, signal, deadlineMs, wait }: CallTerms,
    go: (remainingMs: number) => void,
    fail: (error: unknown) => void,
  ): void {
    const began = performance.now();
    this.#directory.sendLater({
      target,
      scope,
      signal,
      deadlineMs,
      wait,
      go: () => go(Math.max(1, deadlineMs - (performance.now() - began))),
      fail,
    });
  }

  #send(call: OutgoingCall, peer: PeerRecord, body: string, deadlineMs: number): void {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#bus.send(peer.identity, `c${id.toString(36)} ${Math.ceil(deadlineMs)}${call.procedure.header}${body}`);
    call.id = id;
    call.peer = peer;
    peer.outgoing.set(id, call);
    // Who waits for the items of a stream says when.
    if (!call.procedure.isStream) this.#deadlines.add(call, deadlineMs);
    call.signal?.addEventListener("abort", call);
  }

  #giveUp(call: OutgoingCall, error: PeekError): void {
    this.cancel(call, false);
    call.fail(error);
  }

  #notify(peer: PeerRecord, text: string): void {
    try {
      this.#notices.send(peer, text);
    } catch {
      // One who is gone, or cannot be reached, is told of as such.
    }
  }
}

function clientOf(options: RpcClientOptions, scopes: CallScopeSource): Client {
  const { deadlineMs = defaultDeadlineMs, wait = false, signal } = options;
  return { scopes, deadlineMs, wait, signal };
}

/** @throws The signal's reason, when it has fired; PeekError `VORTEX_CLOSED`, `DEADLINE_EXCEEDED` or `DATA_INVALID`. */
function termsOf(client: Client, options: RpcCallOptions | undefined, procedure: ClientProcedure): CallTerms {
  const scope = client.scopes();
  const signal = options?.signal ?? client.signal;
  signal?.throwIfAborted();
  const deadlineMs = options?.deadlineMs ?? client.deadlineMs;
  if (Number.isNaN(deadlineMs) || typeof deadlineMs !== "number") {
    throw new PeekError(
      "DATA_INVALID",
      `${procedure.title} cannot be called with a deadlineMs that is not a number of milliseconds.`,
    );
  }
  if (deadlineMs <= 0) throw deadlineExceeded(procedure.title, "Nobody", deadlineMs);
  return { scope, signal, deadlineMs: Math.min(deadlineMs, maxDeadlineMs), wait: options?.wait ?? client.wait };
}

function functionsOf(
  contract: RpcContract,
  make: (procedure: ClientProcedure) => CallFunction | undefined,
): Record<string, CallFunction> {
  const functions: Record<string, CallFunction> = {};
  for (const [name, definition] of Object.entries(contract.procedures)) {
    const call = make(new ClientProcedure(contract, name, definition));
    if (call !== undefined) functions[name] = call;
  }
  return Object.freeze(functions);
}

/** The reason of a caller's own signal may be anything. */
function peekErrorOf(error: unknown, { title }: ClientProcedure): PeekError {
  if (PeekError.is(error)) return error;
  return new PeekError("CALL_CANCELLED", `The call of ${title} was given up: ${messageOf(error)}`, { cause: error });
}
