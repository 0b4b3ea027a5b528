import { messageOf, PeekError } from "@peek/errors";
import { pluginReleased, type PluginScope, type PluginScopes } from "@peek/kit";
import type { RpcAnswer, RpcCallOptions, RpcClientOptions, RpcTarget, ServiceName } from "@peek/plugin-base";
import type { RpcContract } from "@peek/plugin-base/contracts";
import { checkPeer, checkService } from "../checkServices.ts";
import { type CallTarget, InstanceTarget, ServiceTarget } from "./CallTarget.ts";
import { ClientProcedure } from "./ClientProcedure.ts";
import { writeBody } from "./frameBodies.ts";
import { maxDeadlineMs } from "./frames.ts";
import type { OutgoingCall } from "./OutgoingCall.ts";
import type { OutgoingCalls } from "./OutgoingCalls.ts";
import type { PeerDirectory } from "./PeerDirectory.ts";
import type { PeerRecord, PeerRecords } from "./PeerRecords.ts";
import { deadlineExceeded } from "./rpcErrors.ts";
import { SingleCall } from "./SingleCall.ts";
import { StreamCall } from "./StreamCall.ts";

const defaultDeadlineMs = 30_000;

type CallFunction = (input?: unknown, options?: RpcCallOptions) => unknown;

/** The options of a client, completed with the defaults. */
interface ClientDefaults {
  readonly scopes: PluginScopes;
  readonly deadlineMs: number;
  readonly wait: boolean;
  readonly signal: AbortSignal | undefined;
}

/** The options of one call, completed with the client's. */
interface CallTerms {
  readonly scope: PluginScope;
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number;
  readonly wait: boolean;
}

/** Creates the clients of contracts: objects with one function for each procedure. */
export class RpcClients {
  readonly #records: PeerRecords;
  readonly #directory: PeerDirectory;
  readonly #calls: OutgoingCalls;

  constructor(records: PeerRecords, directory: PeerDirectory, calls: OutgoingCalls) {
    this.#records = records;
    this.#directory = directory;
    this.#calls = calls;
  }

  /**
   * Creates a client that calls one instance.
   *
   * @throws PeekError `CONTRACT_INVALID`
   */
  client(contract: RpcContract, options: RpcClientOptions, scopes: PluginScopes): Record<string, CallFunction> {
    const target = this.#target(contract, options.to);
    const client = defaultsOf(options, scopes);
    return functionsOf(contract, (procedure) =>
      procedure.isStream
        ? (input, options) => this.#callStream(procedure, target, client, input, options)
        : (input, options) => this.#callOne(procedure, target, client, input, options),
    );
  }

  /**
   * Creates a client that calls all instances of a service.
   *
   * @throws PeekError `CONTRACT_INVALID`
   */
  clientOfAll(
    contract: RpcContract,
    options: RpcClientOptions & { readonly to: ServiceName },
    scopes: PluginScopes,
  ): Record<string, CallFunction> {
    const to = checkService(options.to, `${contract.name} cannot be called`);
    const target = new ServiceTarget(this.#directory, this.#records, contract, to);
    const client = defaultsOf(options, scopes);
    return functionsOf(contract, (procedure) =>
      procedure.isStream ? undefined : (input, options) => this.#callAll(procedure, target, client, input, options),
    );
  }

  #target(contract: RpcContract, to: RpcTarget): CallTarget {
    const refusal = `${contract.name} cannot be called`;
    if (typeof to === "object" && to !== null) {
      return new InstanceTarget(this.#directory, this.#records, contract, checkPeer(to, refusal));
    }
    return new ServiceTarget(this.#directory, this.#records, contract, checkService(to, refusal));
  }

  #callOne(
    procedure: ClientProcedure,
    target: CallTarget,
    client: ClientDefaults,
    input: unknown,
    options: RpcCallOptions | undefined,
  ): Promise<unknown> {
    try {
      const terms = termsOf(client, options, procedure);
      const body = writeBody(input, procedure.inputTitle);
      const call = new SingleCall(this.#calls, procedure, terms.scope, terms.signal, terms.deadlineMs);
      const peer = target.pick(terms.wait);
      if (peer !== undefined) this.#calls.send(call, peer, body, terms.deadlineMs);
      else this.#sendWhenReady(call, target, body, terms, undefined, (error) => call.fail(error));
      return call.answer;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Each iteration makes a separate call. */
  #callStream(
    procedure: ClientProcedure,
    target: CallTarget,
    client: ClientDefaults,
    input: unknown,
    options: RpcCallOptions | undefined,
  ): AsyncIterable<unknown> {
    const { scope, signal, deadlineMs, wait } = termsOf(client, options, procedure);
    const open = async (call: StreamCall): Promise<void> => {
      call.signal?.throwIfAborted();
      if (scope.isOver) throw pluginReleased(scope.plugin);
      const body = writeBody(input, procedure.inputTitle);
      const peer = target.pick(wait);
      if (peer !== undefined) {
        this.#calls.send(call, peer, body, deadlineMs);
        return;
      }
      const { promise: sent, resolve, reject } = Promise.withResolvers<void>();
      this.#sendWhenReady(call, target, body, { scope, signal, deadlineMs, wait }, resolve, reject);
      await sent;
    };
    return {
      [Symbol.asyncIterator]: () => new StreamCall(this.#calls, procedure, scope, signal, deadlineMs, open),
    };
  }

  async #callAll(
    procedure: ClientProcedure,
    target: ServiceTarget,
    client: ClientDefaults,
    input: unknown,
    options: RpcCallOptions | undefined,
  ): Promise<readonly RpcAnswer<unknown>[]> {
    const terms = termsOf(client, options, procedure);
    const body = writeBody(input, procedure.inputTitle);
    const call = (remainingMs: number): readonly Promise<RpcAnswer<unknown>>[] =>
      target.candidates().map(async (peer) => await this.#answerOf(peer, procedure, terms, body, remainingMs));
    if (target.readiness(terms.wait) === "ready") return await Promise.all(call(terms.deadlineMs));
    const { promise: called, resolve, reject } = Promise.withResolvers<readonly Promise<RpcAnswer<unknown>>[]>();
    this.#whenReady(target, terms, (remainingMs) => resolve(call(remainingMs)), reject);
    return await Promise.all(await called);
  }

  /** Calls one of all instances. Sends synchronously, and never rejects. */
  async #answerOf(
    peer: PeerRecord,
    procedure: ClientProcedure,
    { scope, signal, deadlineMs }: CallTerms,
    body: string,
    remainingMs: number,
  ): Promise<RpcAnswer<unknown>> {
    const from = peer.identity;
    try {
      const call = new SingleCall(this.#calls, procedure, scope, signal, deadlineMs);
      this.#calls.send(call, peer, body, remainingMs);
      return { status: "fulfilled", from, value: await call.answer };
    } catch (error) {
      return { status: "rejected", from, reason: peekErrorOf(error, procedure) };
    }
  }

  #sendWhenReady(
    call: OutgoingCall,
    target: CallTarget,
    body: string,
    terms: CallTerms,
    sent: (() => void) | undefined,
    fail: (error: unknown) => void,
  ): void {
    const send = (remainingMs: number): void => {
      const peer = target.pick(terms.wait);
      if (peer === undefined) throw target.unavailableError();
      this.#calls.send(call, peer, body, remainingMs);
      sent?.();
    };
    this.#whenReady(target, terms, send, fail);
  }

  /** Waits until the target is ready; passes on the remaining time. */
  #whenReady(
    target: CallTarget,
    { scope, signal, deadlineMs, wait }: CallTerms,
    send: (remainingMs: number) => void,
    fail: (error: unknown) => void,
  ): void {
    const startedAt = performance.now();
    this.#directory.sendWhenReady({
      target,
      scope,
      signal,
      deadlineMs,
      wait,
      send: () => send(Math.max(1, deadlineMs - (performance.now() - startedAt))),
      fail,
    });
  }
}

function defaultsOf(options: RpcClientOptions, scopes: PluginScopes): ClientDefaults {
  const { deadlineMs = defaultDeadlineMs, wait = false, signal } = options;
  return { scopes, deadlineMs, wait, signal };
}

/** @throws The reason of a signal that has fired; PeekError `PLUGIN_RELEASED`, `DEADLINE_EXCEEDED` or `DATA_INVALID`. */
function termsOf(client: ClientDefaults, options: RpcCallOptions | undefined, procedure: ClientProcedure): CallTerms {
  const scope = client.scopes.current();
  const signal = options?.signal ?? client.signal;
  signal?.throwIfAborted();
  const deadlineMs = options?.deadlineMs ?? client.deadlineMs;
  if (Number.isNaN(deadlineMs) || typeof deadlineMs !== "number") {
    throw new PeekError("DATA_INVALID", `${procedure.title} cannot be called: deadlineMs is not a number.`);
  }
  if (deadlineMs <= 0) throw deadlineExceeded(procedure.title, undefined, deadlineMs);
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

/** The reason of a caller's own signal may be any value. */
function peekErrorOf(error: unknown, { title }: ClientProcedure): PeekError {
  if (PeekError.is(error)) return error;
  return new PeekError("CALL_CANCELLED", `The call of ${title} was cancelled: ${messageOf(error)}`, { cause: error });
}
