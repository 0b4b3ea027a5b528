import type { CallScope } from "./CallScope.ts";
import type { CallTarget } from "./CallTarget.ts";
import { Expiring } from "./DeadlineWheel.ts";
import type { PeerDirectory } from "./PeerDirectory.ts";

/** How long, and for what, somebody to be called is waited for. */
export interface PeerWaitOptions {
  readonly target: CallTarget;
  readonly scope: CallScope;
  readonly deadlineMs: number;
  readonly wait: boolean;
  readonly signal: AbortSignal | undefined;
}

/** A call that cannot be sent yet. */
export class PeerWait extends Expiring {
  readonly scope: CallScope;
  readonly #directory: PeerDirectory;
  readonly #options: PeerWaitOptions;
  readonly #done = Promise.withResolvers<void>();

  private constructor(directory: PeerDirectory, options: PeerWaitOptions) {
    super();
    this.scope = options.scope;
    this.#directory = directory;
    this.#options = options;
  }

  /**
   * Waits until there is somebody to be called.
   *
   * @throws PeekError `VORTEX_NOBODY`, `VORTEX_DISCONNECTED`, or `VORTEX_CLOSED`; or the signal's reason.
   */
  static async until(directory: PeerDirectory, options: PeerWaitOptions): Promise<void> {
    const wait = new PeerWait(directory, options);
    directory.addWait(wait);
    directory.deadlines.add(wait, options.deadlineMs);
    options.signal?.addEventListener("abort", wait);
    wait.look();
    await wait.#done.promise;
  }

  /** Something has changed. */
  look(): void {
    const { target, wait } = this.#options;
    const outlook = target.outlook(wait);
    if (outlook === "stay") return;
    if (outlook === "fail") {
      this.fail(target.absence());
      return;
    }
    this.#leave();
    this.#done.resolve();
  }

  fail(error: unknown): void {
    this.#leave();
    this.#done.reject(error);
  }

  onDeadline(): void {
    this.fail(this.#options.target.absence());
  }

  handleEvent(): void {
    this.fail(this.#options.signal?.reason);
  }

  #leave(): void {
    this.#directory.removeWait(this);
    this.#directory.deadlines.remove(this);
    this.#options.signal?.removeEventListener("abort", this);
  }
}
