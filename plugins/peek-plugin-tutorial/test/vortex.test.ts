import { join } from "node:path";
import { startService } from "@peek/testing";
import { expect, it } from "vitest";

const plugins = [join(import.meta.dirname, "..")];

it("logic and the agent call each other", async () => {
  await using logic = await startService("logic", { plugins });
  await using agent = await startService("agent", { plugins, logic });
  await agent.log.waitFor("Logic says that 1 + 2 = 3");
  await agent.log.waitFor("Logic stored 'from the agent' as row 2");
  await logic.log.waitFor("agent says: The agent is connected");
  await logic.log.waitFor("The agent says that 7 + 9 = 16");
});

it("the agent starts without logic, and logs once that it waits", async () => {
  await using agent = await startService("agent", { plugins });
  expect(agent.plugin("peek_plugin_tutorial").state).toBe("started");
  await agent.log.waitFor("Waiting for the logic service");
  expect(await agent.stop()).toEqual([]);
  expect(agent.log.lines.filter((line) => line.includes("Waiting for"))).toHaveLength(1);
});
