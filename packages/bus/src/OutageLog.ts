import type { Logger } from "@peek/plugin-base";

/** So many different reasons are told until it is connected. */
const maxTold = 20;
/** How long services that start together may take to find each other, before the log warns; milliseconds. */
const startMs = 10_000;

/** Says once that something is waited for, and once that it is there; not with each attempt. */
export class OutageLog {
  readonly #logger: Logger | undefined;
  readonly #what: string;
  readonly #told = new Set<string>();
  #wasConnected = false;
  #since: number | undefined;
  #attempts = 0;
  #reason: string | undefined;
  #warned = false;
  /** Whether the present outage is one that belongs to a start or a stop. */
  #isExpected = false;

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
   * An attempt to connect has failed, or the connection was lost. Each reason is told once until it is connected. What is waited for
   * at the start, or since the other side was stopped, is a warning only after {@link startMs}.
   *
   * @param kind `refused`: the other side answers and does not let this one in, so that somebody has to do something. `stopped`: it has
   *   said that it stops.
   */
  failed(why: string, kind?: "refused" | "stopped"): void {
    // It is followed by another sentence.
    const reason = why.replace(/\.$/, "");
    this.#since ??= performance.now();
    this.#attempts += 1;
    this.#reason = reason;
    this.#isExpected ||= !this.#wasConnected || kind === "stopped";
    const isRefused = kind === "refused";
    const isLate = !this.#isExpected || isRefused || performance.now() - this.#since > startMs;
    const isOverdue = isLate && !this.#warned;
    if ((this.#told.has(reason) && !isOverdue) || this.#told.size >= maxTold) return;
    const isFirst = this.#told.size === 0;
    this.#told.add(reason);
    this.#warned ||= isLate;
    if (!isFirst) this.#logger?.[isLate ? "warning" : "info"]("Still waiting for %s: %s", this.#what, reason);
    else if (this.#wasConnected)
      this.#logger?.[isLate ? "warning" : "info"]("Lost %s: %s. Connecting again", this.#what, reason);
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
    this.#warned = false;
    this.#isExpected = false;
    this.#told.clear();
  }
}
