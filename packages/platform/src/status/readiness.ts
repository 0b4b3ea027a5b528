import type { ServiceStatus } from "./ServiceStatus.ts";

/** Why a started service cannot do all of its work now, in sentences for an operator; empty when it can. */
export function notReadyReasons({ service, storage, vortex, plugins }: ServiceStatus): readonly string[] {
  const troubled = plugins.filter(({ state }) => state === "failed" || state === "blocked");
  return [
    ...(storage?.available === false ? ["The database cannot be reached."] : []),
    ...(vortex?.state === "connected" || service === "logic" ? [] : ["Logic cannot be reached."]),
    ...troubled.map(({ name, state }) => `The plugin ${name} ${state === "failed" ? "has failed" : "is blocked"}.`),
  ];
}
