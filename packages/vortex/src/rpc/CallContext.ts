import type { PeerIdentity, RpcCallContext } from "@peek/plugin-base";

/** The part of a call that its handler sees. The signal is created when a handler first reads it: most never do. */
export class CallContext implements RpcCallContext {
  readonly #call: RpcCallContext;

  constructor(call: RpcCallContext) {
    this.#call = call;
  }

  get from(): PeerIdentity {
    return this.#call.from;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get remainingMs(): number {
    return this.#call.remainingMs;
  }
}
