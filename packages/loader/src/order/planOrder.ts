import { PeekError } from "@peek/errors";

/** A plugin to be ordered. */
export interface OrderNode {
  readonly name: string;
  /** The names of the plugins that have to come before it. */
  readonly after: readonly string[];
}

/** An order of plugins, and the plugins that have none. */
export interface Order {
  /** Dependencies first; otherwise in the given order. */
  readonly order: readonly string[];
  /** The plugins on a cycle, each with the `DEPENDENCY_CYCLE` error that shows it. */
  readonly cyclic: ReadonlyMap<string, PeekError>;
}

/**
 * Orders plugins so that each comes after its dependencies. Plugins that depend on a cycle without being on it are in the
 * order: their dependency fails, and blocks them.
 */
export function planOrder(nodes: readonly OrderNode[]): Order {
  const placed = new Set(sort(nodes));
  const cyclic = findCycles(nodes.filter((node) => !placed.has(node.name)));
  // Without the cycles, the plugins that depend on them can be placed.
  const order = cyclic.size === 0 ? [...placed] : sort(nodes.filter((node) => !cyclic.has(node.name)));
  return { order, cyclic };
}

/** Orders all nodes that are neither on a cycle nor depend on one. Dependencies that are not among the nodes do not count. */
function sort(nodes: readonly OrderNode[]): readonly string[] {
  const names = new Set(nodes.map((node) => node.name));
  const waitsFor = new Map(nodes.map((node) => [node.name, new Set(node.after.filter((name) => names.has(name)))]));
  const dependants = Map.groupBy(
    nodes.flatMap((node) =>
      [...(waitsFor.get(node.name) ?? [])].map((dependency) => ({ name: node.name, dependency })),
    ),
    (edge) => edge.dependency,
  );
  const order = nodes.map((node) => node.name).filter((name) => waitsFor.get(name)?.size === 0);
  // The list grows during the iteration: each placed node may be the last dependency of others.
  for (const placed of order) {
    for (const { name } of dependants.get(placed) ?? []) {
      const open = waitsFor.get(name);
      open?.delete(placed);
      if (open?.size === 0) order.push(name);
    }
  }
  return order;
}

function findCycles(suspects: readonly OrderNode[]): ReadonlyMap<string, PeekError> {
  const after = new Map(suspects.map((node) => [node.name, node.after]));
  return new Map(
    suspects.flatMap(({ name }) => {
      const cycle = shortestCycle(name, after);
      return cycle === undefined ? [] : [[name, cycleError(name, cycle)] as const];
    }),
  );
}

function cycleError(name: string, cycle: readonly string[]): PeekError {
  return new PeekError(
    "DEPENDENCY_CYCLE",
    `${name} depends on itself: ${cycle.join(" → ")}. Remove one of these dependencies from its plugin_package.json.`,
    { fields: { path: cycle } },
  );
}

function shortestCycle(start: string, after: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const name of queue) {
    for (const next of after.get(name) ?? []) {
      if (next === start) return [...trace(name, start, cameFrom), start];
      if (!after.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, name);
      queue.push(next);
    }
  }
  return undefined;
}

function trace(end: string, start: string, cameFrom: ReadonlyMap<string, string>): readonly string[] {
  const path = [end];
  for (let name = end; name !== start;) {
    const previous = cameFrom.get(name);
    if (previous === undefined) break;
    path.unshift(previous);
    name = previous;
  }
  return path;
}
