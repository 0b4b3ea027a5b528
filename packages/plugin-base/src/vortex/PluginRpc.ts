import type { PeekError } from "@peek/errors";
import type { ServiceName } from "../common/services.ts";
import type {
  RpcCheckedInput,
  RpcContract,
  RpcInput,
  RpcOutput,
  RpcProcedure,
  RpcProcedures,
  RpcResult,
  RpcReturn,
} from "../contracts/RpcContract.ts";
import type { PeerIdentity } from "./Peer.ts";

/** What a handler knows of the call that it answers. */
export interface RpcCallContext {
  /** Who calls, as its credential says. */
  readonly from: PeerIdentity;
  /**
   * Fires when nobody waits for the answer any more: the caller gave up, its deadline passed, it is gone, or this
   * plugin stops. Its reason is a PeekError.
   */
  readonly signal: AbortSignal;
  /** How long the caller waits still; milliseconds. */
  readonly remainingMs: number;
}

/** The handlers of a contract: one for each procedure. */
export type RpcHandlers<Procedures extends RpcProcedures> = {
  readonly [Name in keyof Procedures]: (
    input: RpcCheckedInput<Procedures[Name]>,
    context: RpcCallContext,
  ) => RpcReturn<Procedures[Name]>;
};

/** How a contract is served. */
export interface RpcServeOptions {
  /** The services that may call, at least one; others are refused at once with `FORBIDDEN`. Default: all. */
  readonly acceptOnlyFrom?: ServiceName | readonly ServiceName[];
  /**
   * How many calls run at a time, over all callers; streams count while they are open. While others wait, a caller loses the
   * streams beyond its share that it has not taken an item from for 5 s. Default: 100.
   */
  readonly concurrency?: number;
  /**
   * How many calls wait for their turn; a call beyond that is refused with `RPC_BUSY`, and so is one with which the inputs
   * that wait in this process would have more than 64 MiB. Default: 1000.
   */
  readonly queueLimit?: number;
}

/** Who is called: any one instance of a service, or one in particular. */
export type RpcTarget = ServiceName | PeerIdentity;

/** Whom a client calls, and how long it waits unless the call says otherwise. */
export interface RpcClientOptions {
  /** Any instance of a service, the least busy of those that serve the contract; or one in particular. */
  readonly to: RpcTarget;
  /** Default: 30,000 ms. */
  readonly deadlineMs?: number;
  /** See {@link RpcCallOptions.wait}. Default: false. */
  readonly wait?: boolean;
  /** Gives up every call: see {@link RpcCallOptions.signal}. Most clients want `platform.signal`. Default: none. */
  readonly signal?: AbortSignal;
}

/** What can be said of one call. */
export interface RpcCallOptions {
  /** Gives the call up: it rejects with the signal's reason, and the handler's signal fires. Default: the client's. */
  readonly signal?: AbortSignal;
  /** How long the answer is waited for, or for a stream: the next item; milliseconds. Default: the client's. */
  readonly deadlineMs?: number;
  /**
   * Whether a call waits, within its deadline, for somebody to be connected who serves the contract. Otherwise it fails
   * at once with `VORTEX_NOBODY`. Those that wait are made in their order, before others that are made when somebody has come.
   * Default: the client's.
   */
  readonly wait?: boolean;
}

type InputArguments<P extends RpcProcedure> =
  undefined extends RpcInput<P>
    ? [input?: RpcInput<P>, options?: RpcCallOptions]
    : [input: RpcInput<P>, options?: RpcCallOptions];

/** The procedures of a contract, as functions. */
export type RpcClient<Procedures extends RpcProcedures> = {
  readonly [Name in keyof Procedures]: (...args: InputArguments<Procedures[Name]>) => RpcResult<Procedures[Name]>;
};

/** What one of all the called instances answered. */
export type RpcAnswer<T> =
  | { readonly status: "fulfilled"; readonly from: PeerIdentity; readonly value: T }
  | { readonly status: "rejected"; readonly from: PeerIdentity; readonly reason: PeekError };

/** The procedures of a contract, as functions that call every instance. Those with `stream` are not among them. */
export type RpcClientOfAll<Procedures extends RpcProcedures> = {
  readonly [Name in keyof Procedures as Procedures[Name] extends { readonly stream: unknown } ? never : Name]: (
    ...args: InputArguments<Procedures[Name]>
  ) => Promise<readonly RpcAnswer<RpcOutput<Procedures[Name]>>[]>;
};

/** Calls between services. */
export interface PluginRpc {
  /**
   * Answers the calls of a contract, until the plugin stops or what is returned is disposed. A disposal refuses new
   * calls, aborts those that run, and settles when the handlers have.
   *
   * Like all that a plugin acquires, it ends before what was acquired before it: handlers have ended by the time that what
   * they use is released.
   *
   * @throws PeekError `CONTRACT_INVALID` when the contract's name does not begin with this plugin's, a handler is missing, or
   *   an option is wrong.
   * @throws PeekError `RPC_ALREADY_SERVED` when it is served here already.
   */
  serve<Procedures extends RpcProcedures>(
    contract: RpcContract<Procedures>,
    handlers: RpcHandlers<Procedures>,
    options?: RpcServeOptions,
  ): AsyncDisposable;
  /**
   * The functions that call one instance of a service. Each rejects with a PeekError: `VORTEX_DISCONNECTED` or
   * `VORTEX_NOBODY` when it was not sent, `PEER_GONE` when the instance that runs it is gone and nobody knows whether
   * it was done, `DEADLINE_EXCEEDED`, `FORBIDDEN`, `RPC_BUSY`, `RPC_UNKNOWN`, `DATA_INVALID`, `RPC_HANDLER_FAILED`; with
   * an {@link RpcRejection} when the handler threw one that the contract declares; and with a PeekError of the handler's that
   * says nothing of a call, such as `STORAGE_BUSY`. These codes always speak of this call: when the handler threw one of them,
   * since a call that it made itself has failed, it is `RPC_HANDLER_FAILED`, with the code in the message and in
   * `fields.code`. A call is never sent twice.
   *
   * @throws PeekError `CONTRACT_INVALID` when `to` is neither a service nor a peer.
   */
  client<Procedures extends RpcProcedures>(
    contract: RpcContract<Procedures>,
    options: RpcClientOptions,
  ): RpcClient<Procedures>;
  /**
   * The functions that call every instance of a service that serves the contract. What each answered is in the result;
   * the call itself fails only when nobody was called.
   *
   * @throws PeekError `CONTRACT_INVALID` when `to` is not a service.
   */
  clientOfAll<Procedures extends RpcProcedures>(
    contract: RpcContract<Procedures>,
    options: RpcClientOptions & { readonly to: ServiceName },
  ): RpcClientOfAll<Procedures>;
}
