import { join } from "node:path";
import { openTestDatabase, startService } from "@peek/testing";
import { expect, it } from "vitest";

const plugins = [join(import.meta.dirname, "..")];

it("the plugin keeps its settings from one start to the next", async () => {
  await using database = await openTestDatabase({ plugins });
  for (const starts of [1, 2]) {
    await using logic = await startService("logic", { plugins, database });
    expect(logic.plugin("peek_plugin_tutorial").state).toBe("started");
    const rows = await database.query("SELECT value FROM pl_tutorial.setting_property WHERE key = $1", ["starts"]);
    expect(rows).toEqual([{ value: starts }]);
  }
});
