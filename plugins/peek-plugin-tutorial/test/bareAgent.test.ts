import { join } from "node:path";
import { startService } from "@peek/testing";
import { expect, it } from "vitest";

const plugins = [join(import.meta.dirname, "..")];

it("an agent without the plugin keeps logic from calling no other, nor from stopping", async () => {
  await using logic = await startService("logic", { plugins });
  await using bare = await startService("agent", { logic });
  await bare.log.waitFor("Connected to the logic service");
  await using agent = await startService("agent", { plugins, logic });
  expect(agent.plugin("peek_plugin_tutorial").state).toBe("started");
  await logic.log.waitFor("The agent says that 7 + 9 = 16", { timeoutMs: 4000 });
  expect(await logic.stop()).toEqual([]);
});
