import type { PeekError } from "@peek/errors";
import type { PluginDependency } from "@peek/plugin-base/manifest";
import { bindDependencies, type DependencyTarget } from "./bindDependencies.ts";
import { type Order, planOrder } from "./planOrder.ts";

/** The facts about an enabled plugin that its dependencies and its place in the order follow from. */
export interface PluginNode extends DependencyTarget {
  readonly name: string;
  /** The dependencies of its manifest that apply to the service. */
  readonly dependencies: readonly PluginDependency[];
}

/** The outcome of binding all enabled plugins to each other. */
export interface BoundPlugins {
  /** The names of the plugins that each one waits for: its dependencies without absent optional ones. */
  readonly waitsFor: ReadonlyMap<string, readonly string[]>;
  /** Why plugins cannot run. */
  readonly errors: ReadonlyMap<string, PeekError>;
  /** Warnings for the administrator. */
  readonly warnings: readonly string[];
  /** The names of all that have a part for the service, except those on a cycle; dependencies first. */
  readonly order: readonly string[];
}

/** Checks the dependencies of all enabled plugins, and orders these. On a cycle, optional dependencies do not count. */
export function bindPlugins(plugins: readonly PluginNode[], service: string): BoundPlugins {
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  const bound = plugins.flatMap((plugin) => {
    if (plugin.state === "skipped") return [];
    const { name, dependencies } = plugin;
    return [{ name, dependencies, ...bindDependencies(name, dependencies, service, (on) => byName.get(on)) }];
  });
  const waitsFor = new Map(bound.map((plugin) => [plugin.name, plugin.waitsFor]));
  const inOrder = (): Order => planOrder(bound.map(({ name }) => ({ name, after: waitsFor.get(name) ?? [] })));
  const first = inOrder();
  const dropped = bound
    .filter(({ name }) => first.cyclic.has(name))
    .flatMap(({ name, dependencies }) =>
      dependencies
        .filter((dependency) => dependency.optional && first.cyclic.has(dependency.name))
        .map((dependency) => ({ name, on: dependency.name })),
    );
  for (const { name, on } of dropped) {
    waitsFor.set(name, waitsFor.get(name)?.filter((each) => each !== on) ?? []);
  }
  const { order, cyclic } = dropped.length === 0 ? first : inOrder();
  const own = bound.flatMap(({ name, error }) => (error === undefined ? [] : [[name, error] as const]));
  return {
    waitsFor,
    errors: new Map([...cyclic, ...own]),
    warnings: [
      ...bound.flatMap((plugin) => plugin.warnings),
      ...dropped.map(
        ({ name, on }) => `${name} and ${on} depend on each other: ${name} runs without its optional dependency ${on}`,
      ),
    ],
    order,
  };
}
