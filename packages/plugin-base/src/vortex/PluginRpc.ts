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

/** The context of a call for its handler. */
export interface RpcCallContext {
  /** The calling service, as its credentials prove it. */
  readonly from: PeerIdentity;
  /**
   * Fires when the answer is not needed any more: the caller cancelled the call, its deadline passed, it is gone, or this plugin
   * stops. Its reason is a PeekError.
   */
  readonly signal: AbortSignal;
  /** How long the caller still waits. */
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
   * The maximum number of concurrent calls of all callers; streams count while they are open. While other callers wait, streams
   * beyond a caller's share are ended when the caller has not taken an item for 5 s. Default: 100.
   */
  readonly concurrency?: number;
  /**
   * The maximum number of waiting calls; further calls are refused with `RPC_BUSY`, and so are calls with which the waiting inputs
   * in this process would exceed 64 MiB. Default: 1000.
   */
  readonly queueLimit?: number;
}

/** The called service: any one instance of it, or a given instance. */
export type RpcTarget = ServiceName | PeerIdentity;

/** The target of a client, and the defaults of its calls. */
export interface RpcClientOptions {
  /** The least busy instance of a service that serves the contract, or a given instance. */
  readonly to: RpcTarget;
  /** Default: 30,000 ms. */
  readonly deadlineMs?: number;
  /** See {@link RpcCallOptions.wait}. Default: false. */
  readonly wait?: boolean;
  /** Cancels all calls: see {@link RpcCallOptions.signal}. Most clients want `platform.signal`. Default: none. */
  readonly signal?: AbortSignal;
}

/** The options of one call. */
export interface RpcCallOptions {
  /** Cancels the call: it rejects with the signal's reason, and the handler's signal fires. Default: the client's. */
  readonly signal?: AbortSignal;
  /** How long to wait for the answer, or for the next item of a stream. Default: the client's. */
  readonly deadlineMs?: number;
  /**
   * Whether a call waits, within its deadline, until a service is connected that serves the contract. Otherwise it fails at once
   * with `VORTEX_NOBODY`. Waiting calls are made in their order, before later ones. Default: the client's.
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

/** The answer of one of the called instances. */
export type RpcAnswer<T> =
  | { readonly status: "fulfilled"; readonly from: PeerIdentity; readonly value: T }
  | { readonly status: "rejected"; readonly from: PeerIdentity; readonly reason: PeekError };

/** The procedures of a contract without `stream`, as functions that call every instance. */
export type RpcClientOfAll<Procedures extends RpcProcedures> = {
  readonly [Name in keyof Procedures as Procedures[Name] extends { readonly stream: unknown } ? never : Name]: (
    ...args: InputArguments<Procedures[Name]>
  ) => Promise<readonly RpcAnswer<RpcOutput<Procedures[Name]>>[]>;
};

/** Calls between services. */
export interface PluginRpc {
  /**
   * Answers the calls of a contract, until the plugin stops or the result is disposed. The disposal refuses new calls, aborts
   * running ones, and settles when their handlers have.
   *
   * Like all resources of a plugin, it ends before earlier ones: the handlers have ended before the resources that they use are
   * released.
   *
   * @throws PeekError `CONTRACT_INVALID` when the contract's name does not begin with this plugin's, a handler is missing, or
   *   an option is wrong.
   * @throws PeekError `RPC_ALREADY_SERVED` when it is already served here.
   */
  serve<Procedures extends RpcProcedures>(
    contract: RpcContract<Procedures>,
    handlers: RpcHandlers<Procedures>,
    options?: RpcServeOptions,
  ): AsyncDisposable;
  /**
   * The functions that call one instance of a service. Each rejects with a PeekError: `VORTEX_DISCONNECTED` or
   * `VORTEX_NOBODY` when it was not sent, `PEER_GONE` when the called instance is gone and the outcome is unknown, `DEADLINE_EXCEEDED`, `FORBIDDEN`, `RPC_BUSY`, `RPC_UNKNOWN`, `DATA_INVALID`, `RPC_HANDLER_FAILED`;
   * `PLUGIN_UPDATING` when a stream ends because its plugin is being updated: open it again, which waits until the plugin runs again; with
   * an {@link RpcRejection} when the handler threw one that the contract declares; and with other PeekErrors of the handler, such as `STORAGE_BUSY`. The codes above always refer to this call: when the handler
   * threw one of them, because its own call failed, the error is `RPC_HANDLER_FAILED`, with that code in the message and in
   * `fields.code`. A call is never sent twice.
   *
   * @throws PeekError `CONTRACT_INVALID` when `to` is neither a service nor a peer.
   */
  client<Procedures extends RpcProcedures>(
    contract: RpcContract<Procedures>,
    options: RpcClientOptions,
  ): RpcClient<Procedures>;
  /**
   * The functions that call every instance of a service that serves the contract. The result has the answer of each; the call itself fails only when no instance was called.
   *
   * @throws PeekError `CONTRACT_INVALID` when `to` is not a service.
   */
  clientOfAll<Procedures extends RpcProcedures>(
    contract: RpcContract<Procedures>,
    options: RpcClientOptions & { readonly to: ServiceName },
  ): RpcClientOfAll<Procedures>;
}
