import { readError } from "./callFailure.ts";
import { readBody } from "./frameBodies.ts";
import { OutgoingCall } from "./OutgoingCall.ts";

/** A call that is answered with one value. */
export class SingleCall extends OutgoingCall {
  #resolve: ((value: unknown) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  readonly answer: Promise<unknown> = new Promise((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  onResult(body: string): void {
    const { output, outputTitle } = this.procedure;
    this.sender.ended(this);
    try {
      this.#resolve?.(readBody(output, body, outputTitle));
    } catch (error) {
      this.#reject?.(error);
    }
  }

  onItem(): void {
    this.failProtocol(`answered a call of ${this.procedure.title} with a stream; its contract declares one value`);
  }

  onEnd(): void {
    this.onItem();
  }

  onError(body: string): void {
    if (this.peer !== undefined) this.fail(readError(body, this.procedure, this.peer.identity));
  }

  fail(error: unknown): void {
    this.sender.ended(this);
    this.#reject?.(error);
  }
}
