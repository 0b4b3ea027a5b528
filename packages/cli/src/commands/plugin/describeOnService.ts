import type { ChangeOnService } from "@peek/platform";

/** One line: what came of a change on one instance of a service. */
export function describeOnService(result: ChangeOnService): string {
  const { instance, outcome, error, restarted, ended, stopped } = result;
  if (outcome === "untouched") {
    const effects = [...listed("stops", stopped ?? []), ...listed("starts also", restarted), ...listed("ends", ended)];
    return `${instance}: not changed${effects.length === 0 ? "" : `; the change ${effects.join("; ")}`}`;
  }
  const effects = [...listed("restarted", restarted), ...listed("ended", ended)];
  const why = error === undefined ? "" : `: ${error.code}, ${error.message}`;
  return [`${instance}: ${outcome}${versions(result)}`, ...effects].join("; ") + why;
}

function versions({ from, to }: ChangeOnService): string {
  if (from === undefined && to === undefined) return "";
  return `, ${titleOf(from)} → ${titleOf(to)}`;
}

function titleOf(version: ChangeOnService["from"]): string {
  return version === undefined ? "not enabled" : `${version.version ?? "unknown"} (${version.generation})`;
}

function listed(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${what} ${names.join(", ")}`];
}
