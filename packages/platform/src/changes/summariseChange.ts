import type { AdminRequest, AdminResult, ChangeOnService } from "./pluginAdminRpc.ts";

type Summary = Pick<AdminResult, "outcome"> & { readonly error?: NonNullable<AdminResult["error"]> };

/** The outcome of a change on all services, by the outcomes on each. */
export function summariseChange({ kind, plugin }: AdminRequest, services: readonly ChangeOnService[]): Summary {
  const culprit = services.find(({ error, outcome }) => error !== undefined && outcome !== "untouched");
  if (culprit?.error === undefined) return { outcome: "done" };
  const { instance, outcome, error } = culprit;
  const changed = services.filter((each) => each.outcome === "done").map((each) => each.instance);
  const isFailed = services.some((each) => each.outcome === "failed");
  // Nothing was stopped on the service that refused, but others were changed before.
  const isReverted = outcome !== "refused" || services.some((each) => each.outcome === "reverted");
  const whole = isFailed || changed.length > 0 ? "failed" : isReverted ? "reverted" : "refused";
  const where = changed.length === 0 ? "" : ` The ${kind} of ${plugin} is done on ${changed.join(", ")}, and stays.`;
  return { outcome: whole, error: { code: error.code, message: `${instance}: ${error.message}${where}` } };
}
