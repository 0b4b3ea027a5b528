import { readBody } from "./frameBodies.ts";
import { OutgoingCall } from "./OutgoingCall.ts";
import { deadlineExceeded, protocolBroken } from "./rpcErrors.ts";
import { readError } from "./errorBody.ts";

/** A call with one answer. */
export class SingleCall extends OutgoingCall {
  #resolve: ((value: unknown) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  readonly answer: Promise<unknown> = new Promise((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  onResult(body: string): void {
    const { output, outputTitle } = this.procedure;
    this.owner.ended(this);
    try {
      this.#resolve?.(readBody(output, body, outputTitle));
    } catch (error) {
      this.#reject?.(error);
    }
  }

  onItem(): void {
    this.#broken("has answered a call with a stream that its contract knows as one answer");
  }

  onEnd(): void {
    this.onItem();
  }

  onError(body: string): void {
    const { peer } = this;
    if (peer !== undefined) this.fail(readError(body, this.procedure, peer.identity));
  }

  onExpired(): void {
    this.owner.cancel(this, true);
    this.fail(deadlineExceeded(this.procedure.title, this.peer?.identity.instance ?? "Nobody", this.deadlineMs));
  }

  fail(error: unknown): void {
    this.owner.ended(this);
    this.#reject?.(error);
  }

  #broken(how: string): void {
    const { peer } = this;
    if (peer === undefined) return;
    this.owner.cancel(this, false);
    this.fail(protocolBroken(peer.identity, how));
  }
}
