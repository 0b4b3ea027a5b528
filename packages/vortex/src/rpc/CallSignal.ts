import { PeekError } from "@peek/errors";
import type { PeerIdentity } from "@peek/plugin-base";
import type { ContextRunner } from "@peek/kit";

/** Why a call ends before its handler does. */
export type EndReason = "CALL_CANCELLED" | "DEADLINE_EXCEEDED" | "PEER_GONE" | "PLUGIN_UPDATING" | "VORTEX_CLOSED";

/** The signal of a served call. It is created on first use: most handlers never read it. */
export class CallSignal {
  readonly #procedure: string;
  readonly #from: PeerIdentity;
  readonly #run: ContextRunner;
  #firedFor: EndReason | undefined = undefined;
  #controller: AbortController | undefined = undefined;

  /** @param run Runs the signal's listeners, which are the plugin's code. */
  constructor(procedure: string, from: PeerIdentity, run: ContextRunner) {
    this.#procedure = procedure;
    this.#from = from;
    this.#run = run;
  }

  /** Why the signal has fired; undefined while it has not. */
  get firedFor(): EndReason | undefined {
    return this.#firedFor;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#firedFor !== undefined) this.#controller.abort(this.errorOf(this.#firedFor));
    }
    return this.#controller.signal;
  }

  /** Fires the signal, unless it has fired. */
  fire(reason: EndReason): void {
    if (this.#firedFor !== undefined) return;
    this.#firedFor = reason;
    if (this.#controller !== undefined) this.#run(abort, this.#controller, this.errorOf(reason));
  }

  /** The reason of the signal as an error. */
  errorOf(reason: EndReason): PeekError {
    const { service, instance } = this.#from;
    return new PeekError(reason, `The call of ${this.#procedure} by ${instance} has ended: ${explanations[reason]}.`, {
      fields: { procedure: this.#procedure, service, instance },
    });
  }
}

const explanations = {
  CALL_CANCELLED: "the caller cancelled it",
  DEADLINE_EXCEEDED: "its deadline has passed",
  PEER_GONE: "the caller ended, or the connection to it was lost",
  PLUGIN_UPDATING: "the plugin that serves it is being updated; open the stream again",
  VORTEX_CLOSED: "the plugin or service that serves it is stopping",
} as const satisfies Record<EndReason, string>;

function abort(controller: AbortController, reason: PeekError): void {
  controller.abort(reason);
}
