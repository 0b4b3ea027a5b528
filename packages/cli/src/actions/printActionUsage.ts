import type { ObservedService } from "@peek/platform";
import { printTable } from "../output.ts";
import { inUnits } from "../storage/inUnits.ts";

const anonymous = "device:";

/** Prints how much the ledger stores of users' actions, as one logic reports it: all have the same database. */
export function printActionUsage(observed: readonly ObservedService[]): void {
  const usage = observed.map(({ status }) => status?.actions ?? []).find(({ length }) => length > 0);
  if (usage === undefined) return;
  const rows = usage.map(({ plugin, clients, lanes, outcomeBytes, deadLetters, deadLetterBytes, fullest }) => [
    plugin,
    String(clients),
    String(lanes),
    inUnits(outcomeBytes),
    String(deadLetters),
    inUnits(deadLetterBytes),
    fullest === undefined
      ? "-"
      : `${fullest.user === anonymous ? "anonymous" : fullest.user}, ${fullest.percent} % of the quota`,
  ]);
  console.log("");
  printTable([["ACTIONS OF", "CLIENTS", "LANES", "OUTCOMES", "DEAD LETTERS", "THEIR SIZE", "FULLEST USER"], ...rows]);
}
