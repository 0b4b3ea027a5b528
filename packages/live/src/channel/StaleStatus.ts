import type { TupleSelector } from "@peek/plugin-base/contracts";
import type { Staleness } from "@peek/live-protocol";

/** Something that is not known to be current: data. */
export interface StaleEntry {
  /** `<plugin>.<Name>`; absent: all that the service shows. */
  readonly observable?: string;
  /** What is selected by, as JSON; absent: nothing. */
  readonly selector?: string;
  /** How long ago it was known to be current; milliseconds. */
  readonly ageMs: number;
  /** For people. */
  readonly reason: string;
}

/** What of all that is watched on a service is not known to be current: data. */
export interface StaleStatus {
  /** How many channels are followed. */
  readonly channels: number;
  /** How many of them are stale. */
  readonly stale: number;
  /** Those, the longest first; at most {@link maxEntries}. */
  readonly entries: readonly StaleEntry[];
}

/** How many are told of. */
export const maxEntries = 50;

/** A channel, and whether it is stale. */
export interface StaleChannel {
  readonly selector: TupleSelector;
  readonly staleness: Staleness | undefined;
}

/** @param upstream Set where nothing that the service shows is known to be current. */
export function staleStatus(all: Iterable<StaleChannel>, upstream?: Staleness): StaleStatus {
  const now = performance.now();
  let channels = 0;
  const entries: StaleEntry[] = [];
  for (const { selector, staleness } of all) {
    channels += 1;
    if (staleness !== undefined) entries.push({ ...nameOf(selector), ...toldOf(staleness, now) });
  }
  const stale = upstream === undefined ? entries.length : channels;
  const longest = entries.toSorted((one, other) => other.ageMs - one.ageMs);
  if (upstream !== undefined) longest.unshift(toldOf(upstream, now));
  return { channels, stale, entries: longest.slice(0, maxEntries) };
}

function nameOf(selector: TupleSelector): Pick<StaleEntry, "observable" | "selector"> {
  const values = selector.canonical().slice(selector.name.length + 4, -1);
  return { observable: selector.name, ...(values !== "{}" && { selector: values }) };
}

function toldOf({ at, reason }: Staleness, now: number): Pick<StaleEntry, "ageMs" | "reason"> {
  return { ageMs: Math.max(0, Math.round(now - at)), reason };
}
