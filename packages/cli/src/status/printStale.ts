import type { ObservedService } from "@peek/platform";
import { printTable } from "../output.ts";
import { inTimeUnits } from "../tasks/inTimeUnits.ts";

/** Prints the stale channels of each service; nothing where there are none. */
export function printStale(observed: readonly ObservedService[]): void {
  const now = Date.now();
  const rows = observed.flatMap(({ peer, status }) =>
    (status?.live?.entries ?? []).map(({ observable, selector, ageMs, reason }) => [
      peer.instance,
      observable === undefined ? "all" : [observable, selector].filter((each) => each !== undefined).join(" "),
      // By the clock of this machine: those of the services may differ.
      new Date(now - ageMs).toISOString().slice(0, 19),
      inTimeUnits(ageMs),
      reason,
    ]),
  );
  if (rows.length === 0) return;
  console.log("");
  printTable([["STALE ON", "OBSERVABLE", "AS OF", "FOR", "WHY"], ...rows]);
  for (const { peer, status } of observed) {
    const { channels = 0, stale = 0, entries = [] } = status?.live ?? {};
    const named = entries.filter(({ observable }) => observable !== undefined).length;
    if (stale > named) console.log(`${peer.instance}: ${stale} of ${channels} channels are stale.`);
  }
}
