import type { CallRequest, ReceivedCall } from "./ReceivedCall.ts";
import { WheelTimer } from "./TimingWheel.ts";

/** A call that waits because its plugin is suspended. As a timer it runs until the call's deadline. */
export class HeldCall extends WheelTimer implements ReceivedCall {
  readonly request: CallRequest;
  /** Whether it is a stream becomes known when a contract runs it. */
  readonly isStream = false;
  /** Its place in the order of arrival. */
  readonly sequence: number;
  readonly #onAbandoned: (call: HeldCall) => void;

  /** @param onAbandoned Called when the caller does not wait any more. */
  constructor(request: CallRequest, sequence: number, onAbandoned: (call: HeldCall) => void) {
    super();
    this.request = request;
    this.sequence = sequence;
    this.#onAbandoned = onAbandoned;
  }

  abandon(): void {
    this.#onAbandoned(this);
  }

  addCredit(): boolean {
    // It was sent no items.
    return false;
  }

  onExpired(): void {
    this.abandon();
  }
}
