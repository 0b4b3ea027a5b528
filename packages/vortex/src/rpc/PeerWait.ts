import type { PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import type { CallScope } from "./CallScope.ts";
import { WheelTimer } from "./TimingWheel.ts";
import type { PeerDirectory } from "./PeerDirectory.ts";

/** Whether there is somebody to be sent something: there is, there may be soon, there is not. */
export type Outlook = "go" | "stay" | "fail";

/** Whom something waits for. */
export interface WaitTarget {
  /** Of which service. */
  readonly service: ServiceName;
  /** What a peer must have to be waited for: its name, or what `serviceKey` makes of what it serves. */
  readonly key: string;
  /** @param wait Whether somebody to come is waited for, or only the news of who is there. */
  outlook(wait: boolean): Outlook;
  /** What is to be sent: the contract's name. */
  readonly title: string;
  /** Why there is nobody. */
  absence(): PeekError;
  /** What is waited for, and why there is nobody: `to call pump.Notes on agent: no agent service is connected`. */
  need(): string;
}

/** How long, and for what, somebody is waited for. */
export interface PeerWaitOptions {
  readonly target: WaitTarget;
  /** Undefined: it does not end with a plugin. */
  readonly scope: CallScope | undefined;
  readonly deadlineMs: number;
  readonly wait: boolean;
  readonly signal: AbortSignal | undefined;
  /** Sends it: there is somebody. What it throws is told to `fail`. */
  readonly go: () => void;
  /** It was not sent. */
  readonly fail: (error: unknown) => void;
}

/** Something that cannot be sent yet. It is sent from within the news it has waited for, so that nothing overtakes it. */
export class PeerWait extends WheelTimer {
  readonly target: WaitTarget;
  readonly scope: CallScope | undefined;
  /** Its place among all that waits. */
  readonly order: number;
  readonly #directory: PeerDirectory;
  readonly #options: PeerWaitOptions;
  #isOver = false;

  constructor(directory: PeerDirectory, order: number, options: PeerWaitOptions) {
    super();
    this.target = options.target;
    this.scope = options.scope;
    this.order = order;
    this.#directory = directory;
    this.#options = options;
  }

  /** Whether it waits for somebody to come, and not only for the news of who is there. */
  get waitsForArrival(): boolean {
    return this.#options.wait;
  }

  /** Something has changed that it may have waited for. */
  look(): void {
    if (this.#isOver) return;
    const { target, wait, go, fail } = this.#options;
    const outlook = target.outlook(wait);
    if (outlook === "stay") return;
    if (outlook === "fail") {
      this.fail(target.absence());
      return;
    }
    this.#leave();
    try {
      go();
    } catch (error) {
      fail(error);
    }
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#leave();
    this.#options.fail(error);
  }

  onExpired(): void {
    this.fail(this.target.absence());
  }

  /** The caller's signal has fired. */
  handleEvent(): void {
    this.fail(this.#options.signal?.reason);
  }

  #leave(): void {
    this.#isOver = true;
    this.#directory.removeWait(this);
    this.#directory.deadlines.remove(this);
    this.#options.signal?.removeEventListener("abort", this);
  }
}
