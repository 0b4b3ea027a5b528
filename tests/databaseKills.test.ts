import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseKillSteps, UpgradedTables } from "./src/UpgradedTables.ts";

describe("the database is killed during an upgrade", () => {
  let tables: UpgradedTables;

  beforeAll(async () => {
    tables = await UpgradedTables.start();
  });

  afterAll(async () => {
    await tables[Symbol.asyncDispose]();
  });

  it.each(databaseKillSteps)(
    "at the step %s: the old or the new version runs whole, and no row is lost",
    async (step) => {
      const { from, to, version, applied, wanted, rows, committed, journals, output } = await tables.kill(step);
      expect([from, to], output).toContain(version);
      if (version === to) expect(applied).toBe(wanted);
      expect(rows).toBe(committed);
      expect(journals).toBe(0);
    },
  );
});
