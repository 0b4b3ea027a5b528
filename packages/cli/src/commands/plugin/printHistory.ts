import type { ChangeOnService } from "@peek/platform";
import { printJson, printTable } from "../../output.ts";
import { printable } from "../../printable.ts";
import { requirePluginAdmin } from "./pluginAdmin.ts";

/** Prints the change that is being made, and the last ones. */
export async function printHistory(json: boolean): Promise<void> {
  await using admin = await requirePluginAdmin("there is no history; the log has earlier changes");
  const history = await admin.client.history();
  if (json) {
    printJson(history);
    return;
  }
  const { running, changes } = history;
  if (changes.length === 0) console.log("No plugin has been changed yet.");
  else {
    printTable([
      ["BEGAN", "CHANGE", "PLUGIN", "VERSIONS", "BY", "OUTCOME", "MS", "SERVICES"],
      ...changes.map(({ at, kind, plugin, version, by, outcome, ms, services, error }) => [
        at.slice(0, 19),
        kind,
        plugin,
        versionsOf(services, outcome === "done" ? undefined : version),
        `${by.account}@${by.host}`,
        outcome + (error === undefined ? "" : `: ${error.code}`),
        String(ms),
        services.map((each) => `${each.instance} ${each.outcome}`).join(", "),
      ]),
    ]);
  }
  if (running !== undefined) {
    const { kind, plugin, by, at } = running;
    console.log(printable(`Running: ${kind} of ${plugin} by ${by.account}@${by.host}, since ${at.slice(0, 19)}`));
  }
}

/**
 * The versions before and after a change, each pair once: `1.0.0 → 1.1.0`.
 *
 * @param wanted The version that a change without success was to install; undefined when it had success, or named none.
 */
function versionsOf(services: readonly ChangeOnService[], wanted: string | undefined): string {
  const wantedTitle = wanted?.replace(/-[0-9a-f]{12}$/, "");
  const pairs = services
    .filter(({ from, to }) => from !== undefined || to !== undefined)
    .map(({ from, to }) => `${titleOf(from)} → ${wantedTitle ?? titleOf(to)}`);
  return [...new Set(pairs)].join(", ") || "-";
}

function titleOf(generation: ChangeOnService["from"]): string {
  return generation === undefined ? "none" : (generation.version ?? "unknown");
}
