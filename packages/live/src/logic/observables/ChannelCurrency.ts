import type { Staleness } from "@peek/live-protocol";
import { staleMs } from "../../channel/staleMs.ts";

/** Until when changes have been told that a channel's tuples are made of. */
export interface ChangesTold {
  /** By `performance.now()`. */
  readonly toldUntil: number;
  /** Why they are not told just now, for people, where that is known. */
  readonly trouble: string | undefined;
}

/** What is stale is current again when it is known to have been so recently; milliseconds. */
const currentMs = 1500;
/** What is stale is told anew when it is as of a time that is later by so much; milliseconds. */
const laterMs = 1000;

/** Until when the tuples of a channel were known to be how things are. Times are of `performance.now()`. */
export class ChannelCurrency {
  readonly #changes: ChangesTold;
  /** When the last reading began that succeeded. */
  #readAt: number | undefined;
  /** When the first change was made that is in no reading; and that came while one goes on. */
  #changedAt: number | undefined;
  #changedMeanwhileAt: number | undefined;
  #beganAt: number | undefined;
  /** Why the last reading failed, for people. */
  #failure: string | undefined;
  #staleness: Staleness | undefined;

  constructor(changes: ChangesTold) {
    this.#changes = changes;
  }

  /** Set while it is stale, as of the last {@link look}. */
  get staleness(): Staleness | undefined {
    return this.#staleness;
  }

  /** What it is made of may have changed, at some time after `at`. */
  changed(at: number): void {
    this.#changedAt ??= at;
    if (this.#beganAt !== undefined) this.#changedMeanwhileAt ??= at;
  }

  begin(now: number): void {
    this.#beganAt = now;
    this.#changedMeanwhileAt = undefined;
  }

  succeed(): void {
    this.#readAt = this.#beganAt;
    this.#changedAt = this.#changedMeanwhileAt;
    this.#failure = undefined;
    this.#beganAt = undefined;
  }

  /** @param reason For people. */
  fail(reason: string): void {
    this.#failure = reason;
    this.#beganAt = undefined;
  }

  /** Finds out whether it is stale. Returns whether there is something to tell. */
  look(now: number): boolean {
    const before = this.#staleness;
    this.#staleness = this.#found(now, before);
    return this.#staleness !== before;
  }

  #found(now: number, before: Staleness | undefined): Staleness | undefined {
    // Of what was never read, nothing is shown.
    if (this.#readAt === undefined) return undefined;
    const at = Math.max(this.#readAt, Math.min(this.#changes.toldUntil, this.#changedAt ?? now));
    if (now - at <= (before === undefined ? staleMs : currentMs)) return undefined;
    const reason = this.#reason();
    if (before !== undefined && before.reason === reason && at - before.at < laterMs) return before;
    return { at, reason };
  }

  #reason(): string {
    const { toldUntil, trouble } = this.#changes;
    if (toldUntil < (this.#changedAt ?? Infinity)) return trouble ?? this.#failure ?? "The database does not answer";
    return this.#failure ?? trouble ?? "What has changed is still being loaded";
  }
}
