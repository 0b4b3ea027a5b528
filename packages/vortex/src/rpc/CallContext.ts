import type { PeerIdentity, RpcCallContext } from "@peek/plugin-base";

/** The part of a call that its handler may see. */
export interface SeenCall {
  readonly from: PeerIdentity;
  readonly signal: AbortSignal;
  readonly remainingMs: number;
}

/** What a handler is handed. Most handlers never look at the signal, so that it is made when one does. */
export class CallContext implements RpcCallContext {
  readonly #call: SeenCall;

  constructor(call: SeenCall) {
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
