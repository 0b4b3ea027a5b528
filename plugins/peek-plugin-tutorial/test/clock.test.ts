import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startService } from "@peek/testing";
import { expect, it } from "vitest";

it("stop() ends the timer that a plugin left on its disposables", async () => {
  const logic = await startService("logic", { plugins: [join(import.meta.dirname, "fixtures", "peek-plugin-clock")] });
  await logic.log.waitFor("LogicEntryHook:Tick");
  expect(await logic.stop()).toEqual([]);
  const { length } = logic.log.lines;
  await sleep(60);
  expect(logic.log.lines).toHaveLength(length);
});
