import type { Logger } from "@peek/plugin-base";

/** So many different reasons are told until it is connected. */
const maxTold = 20;

/** Says once that something is waited for, and once that it is there; not with each attempt. */
export class OutageLog {
  readonly #logger: Logger | undefined;
  readonly #what: string;
  readonly #told = new Set<string>();
  #wasConnected = false;
  #since: number | undefined;
  #attempts = 0;
  #reason: string | undefined;

  /**
   * @param logger Undefined for who asks for the {@link reason} and tells it.
   * @param what What is connected to, such as `the logic service at ws://127.0.0.1:8011`.
   */
  constructor(logger: Logger | undefined, what: string) {
    this.#logger = logger;
    this.#what = what;
  }

  /** Why it is not connected, as the last attempt has shown; undefined while it is. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /**
   * An attempt to connect has failed, or the connection was lost. Each reason is told once until it is connected.
   *
   * @param isRefused Whether the other side answers and does not let this one in: somebody has to do something.
   */
  failed(why: string, isRefused = false): void {
    // It is followed by another sentence.
    const reason = why.replace(/\.$/, "");
    this.#since ??= performance.now();
    this.#attempts += 1;
    this.#reason = reason;
    if (this.#told.has(reason) || this.#told.size >= maxTold) return;
    const isFirst = this.#told.size === 0;
    this.#told.add(reason);
    if (!isFirst) this.#logger?.warning("Still waiting for %s: %s", this.#what, reason);
    else if (this.#wasConnected) this.#logger?.warning("Lost %s: %s. Connecting again", this.#what, reason);
    else {
      const line = "Waiting for %s: %s. Trying again until it answers";
      if (isRefused) this.#logger?.warning(line, this.#what, reason);
      else this.#logger?.info(line, this.#what, reason);
    }
  }

  connected(): void {
    if (this.#since === undefined) this.#logger?.info("Connected to %s", this.#what);
    else {
      const seconds = ((performance.now() - this.#since) / 1000).toFixed(1);
      const again = this.#wasConnected ? " again" : "";
      this.#logger?.info("Connected%s to %s after %s s, at attempt %d", again, this.#what, seconds, this.#attempts);
    }
    this.#wasConnected = true;
    this.#since = undefined;
    this.#reason = undefined;
    this.#attempts = 0;
    this.#told.clear();
  }
}
