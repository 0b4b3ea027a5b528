import type { TupleSelector } from "@peek/plugin-base/contracts";
import type { Staleness } from "@peek/live-protocol";

/** Tuples that are not known to be current: data. */
export interface StaleEntry {
  /** `<plugin>.<Name>`; absent: all observables. */
  readonly observable?: string;
  /** The values of the selector, as JSON; absent: none. */
  readonly selector?: string;
  /** How long ago they were known to be current. */
  readonly ageMs: number;
  /** For people. */
  readonly reason: string;
}

/** The channels of a service whose tuples are not known to be current: data. */
export interface StaleStatus {
  /** How many channels are followed. */
  readonly channels: number;
  /** How many of them are stale. */
  readonly stale: number;
  /** The stale channels, the longest first; at most {@link maxEntries}. */
  readonly entries: readonly StaleEntry[];
}

/** How many entries a status has. */
export const maxEntries = 50;

/** A channel, as far as its staleness goes. */
export interface StaleChannel {
  readonly selector: TupleSelector;
  readonly staleness: Staleness | undefined;
}

/** The status of all channels. @param upstream Set while no channel is known to be current. */
export function staleStatus(all: Iterable<StaleChannel>, upstream?: Staleness): StaleStatus {
  const now = performance.now();
  let channels = 0;
  const entries: StaleEntry[] = [];
  for (const { selector, staleness } of all) {
    channels += 1;
    if (staleness !== undefined) entries.push({ ...nameOf(selector), ...ageOf(staleness, now) });
  }
  const stale = upstream === undefined ? entries.length : channels;
  const longest = entries.toSorted((one, other) => other.ageMs - one.ageMs);
  if (upstream !== undefined) longest.unshift(ageOf(upstream, now));
  return { channels, stale, entries: longest.slice(0, maxEntries) };
}

function nameOf(selector: TupleSelector): Pick<StaleEntry, "observable" | "selector"> {
  const values = selector.canonical().slice(selector.name.length + 4, -1);
  return { observable: selector.name, ...(values !== "{}" && { selector: values }) };
}

function ageOf({ at, reason }: Staleness, now: number): Pick<StaleEntry, "ageMs" | "reason"> {
  return { ageMs: Math.max(0, Math.round(now - at)), reason };
}
