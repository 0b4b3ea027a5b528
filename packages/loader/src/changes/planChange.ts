import { PeekError } from "@peek/errors";
import { bindPlugins, type BoundPlugins, type PluginNode } from "../order/bindPlugins.ts";
import { planOrder } from "../order/planOrder.ts";
import type { ChangeRequest } from "./PluginChange.ts";

/** An enabled plugin before a change. */
export interface PresentPlugin extends PluginNode {
  /** The names of the plugins that it waits for now. */
  readonly waitsFor: readonly string[];
  /**
   * `waiting` for a plugin that does not run only because of plugins that it depends on; `ended` for one that has failed by
   * itself or has no part for the service.
   */
  readonly activity: "running" | "waiting" | "ended";
}

/** A plugin that runs before a change, and does not run after it. */
export interface FallenPlugin {
  readonly name: string;
  /** Why: a missing dependency. undefined where a plugin that it requires is among the fallen ones. */
  readonly error: PeekError | undefined;
}

/** The effects of a change. */
export interface ChangePlan {
  /** The running plugins to be stopped, dependants first. */
  readonly stop: readonly string[];
  /** The plugins of which a new generation is to be started, dependencies first. */
  readonly start: readonly string[];
  /** Those that are stopped and not started again, but for the plugin itself; dependencies first. */
  readonly fallen: readonly FallenPlugin[];
  /** The names of the plugins that each one waits for after the change. */
  readonly waitsFor: ReadonlyMap<string, readonly string[]>;
  /** All enabled plugins after the change that can be ordered, dependencies first. */
  readonly order: readonly string[];
  /** Warnings for the administrator that did not hold before. */
  readonly warnings: readonly string[];
}

/** Why a request is refused before the installed package is looked up; undefined where it is not. */
export function refusalOf(present: readonly PresentPlugin[], { kind, plugin }: ChangeRequest): PeekError | undefined {
  const isEnabled = present.some(({ name }) => name === plugin);
  const fields = { plugin };
  if (kind === "enable" && isEnabled) {
    return new PeekError("PLUGIN_ALREADY_ENABLED", `${plugin} is enabled already. Reload it instead.`, { fields });
  }
  if (kind !== "enable" && !isEnabled) {
    return new PeekError("PLUGIN_NOT_ENABLED", `${plugin} is not enabled, so that nothing of it can change.`, {
      fields,
    });
  }
  return undefined;
}

/**
 * Plans a change of one plugin: the plugin and all running ones that wait for it, also through others, are stopped; then these are
 * started that can run, and those that did not run before only because of the plugin.
 *
 * @param present All enabled plugins, in the order of plugin.enabled.
 * @param next The plugin as it is installed now; undefined where it is to be disabled.
 * @returns The plan, or why the change is refused.
 */
export function planChange(
  present: readonly PresentPlugin[],
  { plugin }: ChangeRequest,
  next: PluginNode | undefined,
  service: string,
): ChangePlan | PeekError {
  const others = present.filter(({ name }) => name !== plugin);
  const nodes = next === undefined ? others : replaced(present, next);
  const bound = bindPlugins(nodes, service);
  const refusal = next && refusalOfNext(next, others, bound, service);
  if (refusal !== undefined) return refusal;
  const able = new Set(others.filter(({ activity }) => activity !== "ended").map(({ name }) => name));
  if (next !== undefined) able.add(plugin);
  const runs = runningAfter(nodes, able, bound);
  if (next !== undefined && !runs.has(plugin)) return dependencyDown(next, runs);
  const running = present.filter(({ activity }) => activity === "running");
  const returning = others.filter(({ name, activity }) => activity === "waiting" && runs.has(name));
  const concerned = concernedBy([plugin, ...returning.map(({ name }) => name)], running, bound);
  const stop = planOrder(running.map(({ name, waitsFor }) => ({ name, after: waitsFor })))
    .order.filter((name) => concerned.has(name))
    .toReversed();
  const fallen = stop.toReversed().filter((name) => name !== plugin && !runs.has(name));
  const known = new Set(bindPlugins(present, service).warnings);
  return {
    stop,
    start: bound.order.filter((name) => concerned.has(name) && runs.has(name)),
    fallen: fallen.map((name) => ({ name, error: bound.errors.get(name) })),
    waitsFor: bound.waitsFor,
    order: bound.order,
    warnings: bound.warnings.filter((warning) => !known.has(warning)),
  };
}

/** All plugins with the new version in the place of the old one, or at the end. */
function replaced(present: readonly PluginNode[], next: PluginNode): readonly PluginNode[] {
  if (!present.some(({ name }) => name === next.name)) return [...present, next];
  return present.map((plugin) => (plugin.name === next.name ? next : plugin));
}

function refusalOfNext(
  next: PluginNode,
  others: readonly PresentPlugin[],
  { errors }: BoundPlugins,
  service: string,
): PeekError | undefined {
  if (!next.services.includes(service)) {
    return new PeekError(
      "PLUGIN_NOT_FOR_SERVICE",
      `${next.name} ${next.version ?? ""} has no part for ${service}: its plugin_package.json requires ${next.services.join(", ")}.`,
      { fields: { plugin: next.name } },
    );
  }
  // A running plugin had no error before: it has one because of the new version.
  const running = others.filter(({ activity }) => activity === "running");
  return [next, ...running].map(({ name }) => errors.get(name)).find((error) => error !== undefined);
}

/** The plugins that run after the change, if none fails: those that are able to, and whose required dependencies run. */
function runningAfter(
  nodes: readonly PluginNode[],
  able: ReadonlySet<string>,
  { order, errors }: BoundPlugins,
): ReadonlySet<string> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const runs = new Set<string>();
  for (const name of order) {
    const required = byName.get(name)?.dependencies.filter(({ optional }) => !optional) ?? [];
    if (able.has(name) && !errors.has(name) && required.every((dependency) => runs.has(dependency.name)))
      runs.add(name);
  }
  return runs;
}

function dependencyDown({ name, dependencies }: PluginNode, runs: ReadonlySet<string>): PeekError {
  const down =
    dependencies.find((dependency) => !dependency.optional && !runs.has(dependency.name))?.name ?? "a plugin";
  return new PeekError("DEPENDENCY_FAILED", `${name} depends on ${down}, which does not run. Fix ${down} first.`, {
    fields: { plugin: name, blockedBy: down },
  });
}

/** The given plugins, and the running ones that wait for one of them, now or after the change, also through others. */
function concernedBy(
  names: readonly string[],
  running: readonly PresentPlugin[],
  { waitsFor }: BoundPlugins,
): ReadonlySet<string> {
  const concerned = new Set(names);
  for (let before = -1; before !== concerned.size;) {
    before = concerned.size;
    for (const plugin of running) {
      const all = [...plugin.waitsFor, ...(waitsFor.get(plugin.name) ?? [])];
      if (all.some((name) => concerned.has(name))) concerned.add(plugin.name);
    }
  }
  return concerned;
}
