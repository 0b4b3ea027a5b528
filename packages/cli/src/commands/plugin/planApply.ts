import { planOrder } from "@peek/loader";
import type { ObservedService } from "@peek/platform";

/** A change by which services follow their config.json. */
export interface ApplyStep {
  readonly kind: "enable" | "disable";
  readonly plugin: string;
  /** The instances of services that it concerns. */
  readonly instances: readonly string[];
}

/**
 * The changes that make services follow their config.json: first those that disable plugins, dependants first, then those that enable
 * plugins, dependencies first.
 */
export function planApply(observed: readonly ObservedService[]): readonly ApplyStep[] {
  return [...stepsOf("disable", observed).toReversed(), ...stepsOf("enable", observed)];
}

function stepsOf(kind: ApplyStep["kind"], observed: readonly ObservedService[]): readonly ApplyStep[] {
  const drifted = observed.flatMap(({ peer, status }) =>
    (status?.drift?.[kind] ?? []).map((plugin) => ({ ...plugin, instance: peer.instance })),
  );
  const byName = Map.groupBy(drifted, ({ name }) => name);
  const nodes = Array.from(byName, ([name, each]) => ({ name, after: each.flatMap(({ after }) => after) }));
  const { order, cyclic } = planOrder(nodes);
  return [...order, ...cyclic.keys()].map((plugin) => ({
    kind,
    plugin,
    instances: (byName.get(plugin) ?? []).map(({ instance }) => instance),
  }));
}
