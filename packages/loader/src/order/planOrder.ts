import { PeekError } from "@peek/errors";

/** A plugin as far as its order among others goes. */
export interface OrderNode {
  readonly name: string;
  /** The nodes that have to come before it, among those given. */
  readonly after: readonly string[];
}

/** In which order plugins go, and which cannot. */
export interface Order {
  /** Dependencies first; otherwise as they were given. */
  readonly order: readonly string[];
  /** Those that are on a circle, each with the `DEPENDENCY_CYCLE` that shows it. */
  readonly cyclic: ReadonlyMap<string, PeekError>;
}

/**
 * Orders plugins so that each comes after those it depends on. Nodes that depend on a circle without being on it are
 * in the order; their dependency fails, and blocks them in its turn.
 */
export function planOrder(nodes: readonly OrderNode[]): Order {
  const placed = new Set(sort(nodes));
  const cyclic = findCircles(nodes.filter((node) => !placed.has(node.name)));
  // With the circles gone, what lay behind them can be placed.
  const order = cyclic.size === 0 ? [...placed] : sort(nodes.filter((node) => !cyclic.has(node.name)));
  return { order, cyclic };
}

/** Places whatever is not on a circle, nor behind one. Dependencies that are not among the nodes do not count. */
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
  // The list grows while it is gone through: each one placed may be the last that others waited for.
  for (const placed of order) {
    for (const { name } of dependants.get(placed) ?? []) {
      const open = waitsFor.get(name);
      open?.delete(placed);
      if (open?.size === 0) order.push(name);
    }
  }
  return order;
}

function findCircles(suspects: readonly OrderNode[]): ReadonlyMap<string, PeekError> {
  const after = new Map(suspects.map((node) => [node.name, node.after]));
  return new Map(
    suspects.flatMap(({ name }) => {
      const circle = shortestCircle(name, after);
      return circle === undefined ? [] : [[name, circleError(name, circle)] as const];
    }),
  );
}

function circleError(name: string, circle: readonly string[]): PeekError {
  return new PeekError(
    "DEPENDENCY_CYCLE",
    `${name} depends on itself: ${circle.join(" → ")}. Take one of these dependencies out of its plugin_package.json.`,
    { fields: { path: circle } },
  );
}

function shortestCircle(start: string, after: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
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
