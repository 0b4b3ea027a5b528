import { join } from "node:path";
import { startService } from "@peek/testing";
import { expect, it } from "vitest";

const plugins = [join(import.meta.dirname, "stages", "rpc-more")];

it("a declared error reaches the caller with its data, and a stream ends when its reader breaks", async () => {
  await using logic = await startService("logic", { plugins });
  await using agent = await startService("agent", { plugins, logic });
  await logic.log.waitFor("An agent adds up to 1000000");
  await agent.log.waitFor("That is enough");
  expect(agent.log.lines.filter((line) => line.includes("Logic counts"))).toEqual(
    [1, 2, 3].map((number) => `INFO peek_plugin_tutorial._private.agent.AgentEntryHook:Logic counts: ${number}`),
  );
  // It also ends what still runs: a handler that goes on without its reader is named here.
  expect(await logic.stop()).toEqual([]);
}, 60_000);

it("a call of all agents returns the answer of each", async () => {
  await using logic = await startService("logic", { plugins });
  await using agent = await startService("agent", { plugins, logic });
  expect(agent.plugin("peek_plugin_tutorial").state).toBe("started");
  await logic.log.waitFor("agent says that 1 + 9 = 10");
}, 60_000);
