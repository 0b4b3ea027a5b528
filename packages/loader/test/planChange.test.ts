import { PeekError } from "@peek/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChangePlan, planChange, type PresentPlugin, refusalOf } from "../src/changes/planChange.ts";
import { bindPlugins, type PluginNode } from "../src/order/bindPlugins.ts";

interface Drawn {
  readonly version: string;
  readonly isEnded: boolean;
  readonly edges: readonly { readonly on: number; readonly range: string; readonly optional: boolean }[];
}

const nameOf = (index: number): string => `peek_plugin_p${index}`;
const drawn = (count: number): fc.Arbitrary<Drawn> =>
  fc.record({
    version: fc.constantFrom("1.0.0", "2.0.0"),
    isEnded: fc.nat(5).map((number) => number === 0),
    edges: fc.uniqueArray(
      fc.record({ on: fc.nat(count), range: fc.constantFrom("*", "^1.0.0"), optional: fc.boolean() }),
      { maxLength: 3, selector: ({ on }) => on },
    ),
  });
const graphs = fc.integer({ min: 1, max: 9 }).chain((count) =>
  fc.record({
    plugins: fc.array(drawn(count), { minLength: count, maxLength: count }),
    next: drawn(count),
    /** One more than there are is the index of a plugin that is not enabled. */
    target: fc.nat(count),
    kind: fc.constantFrom("reload" as const, "enable" as const, "disable" as const),
  }),
);

function nodeOf({ version, edges }: Drawn, index: number): PluginNode {
  const dependencies = edges
    .filter(({ on }) => on !== index)
    .map(({ on, range, optional }) => ({ name: nameOf(on), range, optional }));
  return { name: nameOf(index), state: "resolved", version, services: ["logic"], dependencies };
}

/** The plugins as a start of the service leaves them. */
function started(plugins: readonly Drawn[]): readonly PresentPlugin[] {
  const nodes = plugins.map(nodeOf);
  const { order, errors, waitsFor } = bindPlugins(nodes, "logic");
  const running = new Set<string>();
  for (const name of order) {
    const index = nodes.findIndex((node) => node.name === name);
    const required = nodes[index]?.dependencies.filter(({ optional }) => !optional) ?? [];
    const isAble = plugins[index]?.isEnded === false && !errors.has(name);
    if (isAble && required.every((dependency) => running.has(dependency.name))) running.add(name);
  }
  return nodes.map((node, index) => ({
    ...node,
    waitsFor: waitsFor.get(node.name) ?? [],
    activity: running.has(node.name) ? "running" : plugins[index]?.isEnded === true ? "ended" : "waiting",
  }));
}

interface Planned {
  readonly present: readonly PresentPlugin[];
  readonly target: string;
  readonly next: PluginNode | undefined;
  readonly plan: ChangePlan;
}

/** Checks something about the plan of every change that is not refused. */
function forEachPlan(check: (planned: Planned) => void): void {
  let plans = 0;
  fc.assert(
    fc.property(graphs, ({ plugins, next: drawnNext, target, kind }) => {
      const present = started(plugins);
      const request = { kind, plugin: nameOf(target) };
      if (refusalOf(present, request) !== undefined) return;
      const next = kind === "disable" ? undefined : nodeOf(drawnNext, target);
      const plan = planChange(present, request, next, "logic");
      if (PeekError.is(plan)) return;
      plans += 1;
      check({ present, target: request.plugin, next, plan });
    }),
    { numRuns: 1000 },
  );
  expect(plans).toBeGreaterThan(100);
}

const running = (present: readonly PresentPlugin[]): readonly PresentPlugin[] =>
  present.filter(({ activity }) => activity === "running");

describe("the plan of any change", () => {
  it("stops only running plugins, each before those that it waits for", () => {
    forEachPlan(({ present, plan: { stop } }) => {
      expect(new Set(stop).size).toBe(stop.length);
      for (const [index, name] of stop.entries()) {
        const plugin = running(present).find((each) => each.name === name);
        expect(plugin).toBeDefined();
        for (const before of stop.slice(0, index)) expect(plugin?.waitsFor).not.toContain(before);
      }
    });
  });

  it("starts each plugin after those that it waits for and that are started too", () => {
    forEachPlan(({ plan: { start, waitsFor } }) => {
      for (const [index, name] of start.entries()) {
        for (const after of start.slice(index)) expect(waitsFor.get(name)).not.toContain(after);
      }
    });
  });

  it("stops no plugin but those that wait, also through others, for one that changes or returns", () => {
    forEachPlan(({ present, target, plan: { stop, start, waitsFor } }) => {
      const runningBefore = new Set(running(present).map(({ name }) => name));
      const changing = new Set([target, ...start.filter((name) => !runningBefore.has(name))]);
      for (const name of stop.toReversed()) {
        const before = present.find((each) => each.name === name)?.waitsFor ?? [];
        const reasons = [...before, ...(waitsFor.get(name) ?? [])];
        expect(changing.has(name) || reasons.some((reason) => changing.has(reason) || stop.includes(reason))).toBe(
          true,
        );
      }
    });
  });

  it("leaves no running plugin that waits for a stopped one", () => {
    forEachPlan(({ present, plan: { stop } }) => {
      for (const plugin of running(present)) {
        if (!stop.includes(plugin.name)) expect(plugin.waitsFor.filter((name) => stop.includes(name))).toEqual([]);
      }
    });
  });

  it("starts only plugins whose required dependencies run then, and the plugin itself unless it is disabled", () => {
    forEachPlan(({ present, target, next, plan: { stop, start } }) => {
      const runs = new Set([
        ...running(present)
          .map(({ name }) => name)
          .filter((name) => !stop.includes(name)),
        ...start,
      ]);
      expect(runs.has(target)).toBe(next !== undefined);
      const nodes = [...present.filter(({ name }) => name !== target), ...(next === undefined ? [] : [next])];
      for (const { name, dependencies } of nodes) {
        if (!runs.has(name)) continue;
        for (const dependency of dependencies) if (!dependency.optional) expect(runs).toContain(dependency.name);
      }
    });
  });

  it("starts every stopped plugin again, or has it among the fallen ones, which only a disabled plugin causes", () => {
    forEachPlan(({ target, next, plan: { stop, start, fallen } }) => {
      const others = stop.filter((name) => name !== target);
      const fallenNames = fallen.map(({ name }) => name);
      expect(new Set(others)).toEqual(new Set([...start.filter((name) => others.includes(name)), ...fallenNames]));
      if (next !== undefined) expect(fallen).toEqual([]);
    });
  });
});
