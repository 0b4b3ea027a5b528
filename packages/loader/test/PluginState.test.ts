import { describe, expect, it } from "vitest";
import { isLegalMove, type PluginState, pluginStates } from "@peek/loader";

const ends: readonly PluginState[] = ["skipped", "failed", "blocked"];
const next = (from: PluginState): readonly PluginState[] => pluginStates.filter((to) => isLegalMove(from, to));

/** Every state that can follow, by any number of moves. */
function reachable(from: PluginState): ReadonlySet<PluginState> {
  const reached = new Set<PluginState>([from]);
  for (const state of reached) for (const to of next(state)) reached.add(to);
  return reached;
}

describe("the moves between states", () => {
  it("lead from the first state to every other one", () => {
    expect([...reachable("configured")].toSorted()).toEqual([...pluginStates].toSorted());
  });

  it("have exactly one path through a complete life", () => {
    const life = [
      "configured",
      "resolved",
      "loading",
      "loaded",
      "starting",
      "started",
      "stopping",
      "stopped",
      "unloading",
      "unloaded",
    ] as const;
    for (const [index, to] of life.slice(1).entries()) {
      expect(next(life[index] ?? "configured").filter((state) => life.includes(state as never))).toContain(to);
    }
    expect(next("loaded")).toContain("unloading");
  });

  it.each(ends)("end with %s", (state) => {
    expect(next(state)).toEqual([]);
  });

  it.each(pluginStates.filter((state) => !ends.includes(state) && state !== "unloaded"))(
    "lead to failed from %s, since anything can fail",
    (state) => {
      expect(isLegalMove(state, "failed")).toBe(true);
    },
  );

  it.each(pluginStates)("do not lead from %s to itself, nor back to the beginning", (state) => {
    expect(isLegalMove(state, state)).toBe(false);
    expect(isLegalMove(state, "configured")).toBe(false);
    expect(reachable(state).has("resolved") && state !== "resolved" && state !== "configured").toBe(false);
  });

  it("never lead to `started` without load() and start()", () => {
    expect(pluginStates.filter((state) => isLegalMove(state, "loaded"))).toEqual(["loading"]);
    expect(pluginStates.filter((state) => isLegalMove(state, "started"))).toEqual(["starting"]);
  });
});
