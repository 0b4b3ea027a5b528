import { expect, it } from "vitest";
import { callingPlugins } from "./src/live/callingPlugins.ts";
import { LiveSystem } from "./src/live/LiveSystem.ts";
import { loadVariables } from "./src/live/loadPlugin.ts";
import { reloadedUnderLoad } from "./src/live/reloadedUnderLoad.ts";

it("a plugin that is reloaded again and again loses no change, action, task or call, and disconnects no browser", async () => {
  await using system = await LiveSystem.start({
    plugins: callingPlugins,
    worker: true,
    env: { [loadVariables.start]: "300", [loadVariables.tasks]: "1" },
  });
  const { report, calls, executed, actions, tasks } = await reloadedUnderLoad(system, {
    browsers: 50,
    reloads: 4,
    changesPerSecond: 40,
    actionsPerSecond: 20,
    callsPerSecond: 200,
    deadlineMs: 60_000,
  });
  expect(report).toMatchObject({ live: 50, cuts: 0, gaps: 0, repeated: 0, steppedBack: 0, codes: {} });
  expect(actions).toMatchObject({ lost: 0, repeated: 0, disordered: 0 });
  expect(tasks.lost).toBe(0);
  expect(calls.reloaded).toMatchObject({ calls: calls.beside.calls, failed: {} });
  expect(calls.beside.failed).toEqual({});
  expect(executed).toEqual({ executed: calls.reloaded.calls, twice: 0 });
  expect(calls.executedBeside).toEqual({ executed: calls.beside.calls, twice: 0 });
  expect(actions.pushed).toBeGreaterThan(0);
});
