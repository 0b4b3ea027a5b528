import { join } from "node:path";
import { startService } from "@peek/testing";
import { expect, it } from "vitest";

const plugins = [join(import.meta.dirname, "..")];

it("logic calls an agent and stops, although another agent lacks the plugin", async () => {
  await using logic = await startService("logic", { plugins });
  await using bare = await startService("agent", { logic });
  await bare.log.waitFor("Connected to the logic service");
  await using agent = await startService("agent", { plugins, logic });
  expect(agent.plugin("peek_plugin_tutorial").state).toBe("started");
  await logic.log.waitFor("The agent says that 7 + 9 = 16", { timeoutMs: 4000 });
  expect(await logic.stop()).toEqual([]);
});
