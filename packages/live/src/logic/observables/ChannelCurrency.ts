import type { Staleness } from "@peek/live-protocol";
import { staleMs } from "../../channel/staleMs.ts";

/** How far the changes have been reported that a channel's tuples are made of. */
export interface ChangeProgress {
  /** All changes until then were reported; by `performance.now()`. */
  readonly reportedUntil: number;
  /** Why changes are not being reported, for people, where that is known. */
  readonly trouble: string | undefined;
}

/** Stale tuples are current again when they were known to be current so recently. */
const currentMs = 1500;
/** Stale tuples are reported again when the time since when they are stale has moved by this. */
const movedMs = 1000;

/** Until when the tuples of a channel were known to be current. Times are of `performance.now()`. */
export class ChannelCurrency {
  readonly #changes: ChangeProgress;
  /** When the last load began that succeeded. */
  #loadedAt: number | undefined;
  /** When the first change was made that no load contains. */
  #changedAt: number | undefined;
  /** The same, of changes since the present load began. */
  #changedMeanwhileAt: number | undefined;
  /** When the present load began. */
  #beganAt: number | undefined;
  /** Why the last load failed, for people. */
  #failure: string | undefined;
  #staleness: Staleness | undefined;
  /** Set while the plugin is suspended. */
  #suspension: Staleness | undefined;

  constructor(changes: ChangeProgress) {
    this.#changes = changes;
  }

  /** Set while the tuples are stale, as of the last {@link check}. */
  get staleness(): Staleness | undefined {
    return this.#staleness;
  }

  /** The data behind the tuples may have changed, at some time after `at`. */
  changed(at: number): void {
    this.#changedAt ??= at;
    if (this.#beganAt !== undefined) this.#changedMeanwhileAt ??= at;
  }

  /** A load begins. */
  begin(now: number): void {
    this.#beganAt = now;
    this.#changedMeanwhileAt = undefined;
  }

  /** The load has succeeded. */
  succeed(): void {
    this.#loadedAt = this.#beganAt;
    this.#changedAt = this.#changedMeanwhileAt;
    this.#failure = undefined;
    this.#beganAt = undefined;
  }

  /** The load has failed. @param reason For people. */
  fail(reason: string): void {
    this.#failure = reason;
    this.#beganAt = undefined;
  }

  /** Until {@link resume}, the tuples are stale, since nothing is loaded. @param reason For people. */
  suspend(now: number, reason: string): void {
    this.#suspension ??= { at: Math.min(now, this.#staleness?.at ?? now), reason };
  }

  /** The next {@link check} judges the tuples as always. */
  resume(): void {
    this.#suspension = undefined;
  }

  /** Judges whether the tuples are stale. Returns whether followers have to be notified. */
  check(now: number): boolean {
    const before = this.#staleness;
    this.#staleness = this.#judge(now, before);
    return this.#staleness !== before;
  }

  #judge(now: number, before: Staleness | undefined): Staleness | undefined {
    // Before the first load, nothing is shown.
    if (this.#loadedAt === undefined) return undefined;
    if (this.#suspension !== undefined) return this.#suspension;
    const at = Math.max(this.#loadedAt, Math.min(this.#changes.reportedUntil, this.#changedAt ?? now));
    if (now - at <= (before === undefined ? staleMs : currentMs)) return undefined;
    const reason = this.#reason();
    if (before !== undefined && before.reason === reason && at - before.at < movedMs) return before;
    return { at, reason };
  }

  #reason(): string {
    const { reportedUntil, trouble } = this.#changes;
    if (reportedUntil < (this.#changedAt ?? Infinity))
      return trouble ?? this.#failure ?? "The database does not answer";
    return this.#failure ?? trouble ?? "Changes are still being loaded";
  }
}
