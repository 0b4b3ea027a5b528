import { openTestDatabase } from "@peek/testing";
import { expect, it } from "vitest";
import { peek } from "./src/peekCommand.ts";
import { pump, pumpArchive } from "./src/pumpArchive.ts";
import { TestHome } from "./src/TestHome.ts";

it("peek plugin remove --purge-data deletes the tables of a running plugin, which can be installed anew", async () => {
  await using database = await openTestDatabase();
  await using home = await TestHome.with({
    storage: { connectUrl: database.connectUrl },
    plugin: { deadlines: { probeSeconds: 0.2 } },
  });
  await using logic = await home.start();
  const plugin = (...args: readonly string[]) => peek(home.base, "plugin", ...args);
  const tables = (): Promise<readonly unknown[]> =>
    database.query("SELECT tablename FROM pg_tables WHERE schemaname = 'pl_pump'");
  const file = await pumpArchive(home.base, {
    version: "1.0.0",
    services: ["logic"],
    migrations: ["await sql`CREATE TABLE pump (id int)`.execute(db);"],
  });
  for (const round of ["first", "second"]) {
    const installed = await plugin("install", file);
    expect(installed.code, `${round}: ${installed.stdout}${installed.stderr}`).toBe(0);
    expect(await tables()).toEqual([{ tablename: "pump" }]);
    const { code, stdout, stderr } = await plugin("remove", pump, "--purge-data", "--yes");
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/logic-\w+: the schema pl_pump deleted with its tables/);
    expect(stdout).not.toContain("DROP SCHEMA");
    expect(await tables()).toEqual([]);
  }
  expect(await logic.stop()).toMatchObject({ code: 0 });
});
