import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type OrderNode, planOrder } from "@peek/loader";

/** `a < b, c` stands for a that comes after b and c. */
function graph(...lines: readonly string[]): readonly OrderNode[] {
  return lines.map((line) => {
    const [name = "", after = ""] = line.split(" < ");
    return { name, after: after === "" ? [] : after.split(", ") };
  });
}

function pathsOf(nodes: readonly OrderNode[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...planOrder(nodes).cyclic].map(([name, error]) => [name, error.fields["path"]]));
}

describe("planOrder", () => {
  it.each([
    ["nothing", [], []],
    ["plugins that depend on nothing, as they were given", ["b", "a", "c"], ["b", "a", "c"]],
    ["a dependency first", ["a < b", "b"], ["b", "a"]],
    ["a long chain", ["a < b", "b < c", "c < d", "d"], ["d", "c", "b", "a"]],
    ["a diamond", ["top < left, right", "left < base", "right < base", "base"], ["base", "left", "right", "top"]],
    ["without regard to what is not among them", ["a < gone", "b"], ["a", "b"]],
    ["a dependency that is named twice", ["a < b, b", "b"], ["b", "a"]],
  ])("orders %s", (_what, lines, order) => {
    const plan = planOrder(graph(...lines));
    expect(plan.order).toEqual(order);
    expect(plan.cyclic.size).toBe(0);
  });

  it.each([
    ["itself", ["a < a", "b"], ["b"], { a: ["a", "a"] }],
    ["each other", ["a < b", "b < a", "c"], ["c"], { a: ["a", "b", "a"], b: ["b", "a", "b"] }],
    [
      "each other in a longer circle",
      ["a < b", "b < c", "c < a"],
      [],
      { a: ["a", "b", "c", "a"], b: ["b", "c", "a", "b"], c: ["c", "a", "b", "c"] },
    ],
    [
      "a circle, without being on it",
      ["before < a", "a < b", "b < a, base", "base"],
      ["before", "base"],
      { a: ["a", "b", "a"], b: ["b", "a", "b"] },
    ],
    [
      "one circle, and lie before another",
      ["a < a", "between < a", "b < b, between"],
      ["between"],
      { a: ["a", "a"], b: ["b", "b"] },
    ],
    [
      "several circles, of which the shortest is shown",
      ["a < b, c", "b < c", "c < a"],
      [],
      { a: ["a", "c", "a"], b: ["b", "c", "a", "b"], c: ["c", "a", "c"] },
    ],
  ])("reports the path of the cycle where plugins depend on %s", (_what, lines, order, paths) => {
    expect(new Set(planOrder(graph(...lines)).order)).toEqual(new Set(order));
    expect(pathsOf(graph(...lines))).toEqual(paths);
  });

  it("says in the message which dependency to remove", () => {
    const error = planOrder(graph("a < b", "b < a")).cyclic.get("a");
    expect(error).toMatchObject({ code: "DEPENDENCY_CYCLE", exitCode: 78 });
    expect(error?.message).toBe(
      "a depends on itself: a → b → a. Remove one of these dependencies from its plugin_package.json.",
    );
  });

  it("orders a chain of ten thousand plugins", () => {
    const count = 10_000;
    const nodes = Array.from({ length: count }, (_, index) => ({
      name: `${index}`,
      after: index + 1 < count ? [`${index + 1}`] : [],
    }));
    expect(planOrder(nodes).order).toEqual(nodes.map((node) => node.name).toReversed());
  });
});

describe("planOrder of any graph", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
  const nodes = fc.uniqueArray(fc.constantFrom(...names), { maxLength: names.length }).chain((present) =>
    fc.tuple(
      ...present.map((name) =>
        // Some of those depended on are not there.
        fc.record({ name: fc.constant(name), after: fc.array(fc.constantFrom(...names), { maxLength: 3 }) }),
      ),
    ),
  );

  /** By definition, and not as planOrder() finds it: whether a way leads from a node back to it. */
  function isOnCircle(graphNodes: readonly OrderNode[], start: string): boolean {
    const after = new Map(graphNodes.map((node) => [node.name, node.after]));
    const reached = new Set<string>();
    const visit = (name: string): void => {
      for (const next of after.get(name) ?? []) {
        if (reached.has(next)) continue;
        reached.add(next);
        visit(next);
      }
    };
    visit(start);
    return after.has(start) && reached.has(start);
  }

  it("has each plugin in the order once, or refuses it because of a cycle", () => {
    fc.assert(
      fc.property(nodes, (given) => {
        const { order, cyclic } = planOrder(given);
        expect([...order, ...cyclic.keys()].toSorted()).toEqual(given.map((node) => node.name).toSorted());
        expect([...cyclic.keys()].toSorted()).toEqual(
          given
            .map((node) => node.name)
            .filter((name) => isOnCircle(given, name))
            .toSorted(),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("has each plugin after its dependencies", () => {
    fc.assert(
      fc.property(nodes, (given) => {
        const { order } = planOrder(given);
        for (const { name, after } of given.filter((node) => order.includes(node.name))) {
          for (const dependency of after.filter((each) => order.includes(each))) {
            expect(order.indexOf(dependency)).toBeLessThan(order.indexOf(name));
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("reports existing cycles, each of which begins and ends with the plugin", () => {
    fc.assert(
      fc.property(nodes, (given) => {
        const after = new Map(given.map((node) => [node.name, node.after]));
        for (const [name, path] of Object.entries(pathsOf(given))) {
          const steps = path as readonly string[];
          expect([steps[0], steps.at(-1)]).toEqual([name, name]);
          expect(new Set(steps).size).toBe(steps.length - 1);
          for (const [index, step] of steps.slice(1).entries()) expect(after.get(steps[index] ?? "")).toContain(step);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("is deterministic, and keeps the given order of independent plugins", () => {
    fc.assert(
      fc.property(nodes, (given) => {
        expect(planOrder(structuredClone(given))).toEqual(planOrder(given));
        const free = given.map(({ name }) => ({ name, after: [] }));
        expect(planOrder(free).order).toEqual(given.map((node) => node.name));
      }),
    );
  });
});
