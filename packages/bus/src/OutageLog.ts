import type { Logger } from "@peek/plugin-base";

/** How many different reasons are logged during one outage. */
const maxReasons = 20;
/** How long services that start together may take to connect before the log warns. */
const startMs = 10_000;

/** Logs an outage of a connection once when it begins and once when it ends, rather than with each attempt. */
export class OutageLog {
  readonly #logger: Logger | undefined;
  readonly #target: string;
  readonly #loggedReasons = new Set<string>();
  #wasConnected = false;
  #since: number | undefined;
  #attempts = 0;
  #reason: string | undefined;
  #hasWarned = false;
  /** Whether the present outage is part of a start or a stop. */
  #isExpected = false;

  /**
   * @param logger Undefined to log nothing: the owner reports the {@link reason} itself.
   * @param target The other side, such as `the logic service at ws://127.0.0.1:8011`.
   */
  constructor(logger: Logger | undefined, target: string) {
    this.#logger = logger;
    this.#target = target;
  }

  /** Why the last attempt failed; undefined while connected. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /**
   * An attempt to connect has failed, or the connection was lost. Each reason is logged once during an outage. At the start, and
   * after the other side was stopped, it becomes a warning only after {@link startMs}.
   *
   * @param reason The middle of a sentence.
   * @param kind `refused`: the other side answers and refuses this service, which an administrator has to resolve. `stopped`: the
   *   other side has announced that it stops.
   */
  failed(reason: string, kind?: "refused" | "stopped"): void {
    // Another sentence follows it.
    const trimmed = reason.replace(/\.$/, "");
    this.#since ??= performance.now();
    this.#attempts += 1;
    this.#reason = trimmed;
    this.#isExpected ||= !this.#wasConnected || kind === "stopped";
    const isRefused = kind === "refused";
    const isLate = !this.#isExpected || isRefused || performance.now() - this.#since > startMs;
    const isOverdue = isLate && !this.#hasWarned;
    if ((this.#loggedReasons.has(trimmed) && !isOverdue) || this.#loggedReasons.size >= maxReasons) return;
    const isFirst = this.#loggedReasons.size === 0;
    this.#loggedReasons.add(trimmed);
    this.#hasWarned ||= isLate;
    if (!isFirst) this.#logger?.[isLate ? "warning" : "info"]("Still waiting for %s: %s", this.#target, trimmed);
    else if (this.#wasConnected)
      this.#logger?.[isLate ? "warning" : "info"]("Lost %s: %s. Reconnecting", this.#target, trimmed);
    else this.#logger?.[isRefused ? "warning" : "info"]("Waiting for %s: %s. Retrying", this.#target, trimmed);
  }

  /** The connection is established. */
  connected(): void {
    if (this.#since === undefined) this.#logger?.info("Connected to %s", this.#target);
    else {
      const seconds = ((performance.now() - this.#since) / 1000).toFixed(1);
      const verb = this.#wasConnected ? "Reconnected" : "Connected";
      this.#logger?.info("%s to %s after %s s, at attempt %d", verb, this.#target, seconds, this.#attempts);
    }
    this.#wasConnected = true;
    this.#since = undefined;
    this.#reason = undefined;
    this.#attempts = 0;
    this.#hasWarned = false;
    this.#isExpected = false;
    this.#loggedReasons.clear();
  }
}
