import { sql } from "@peek/plugin-base/storage";
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { type Tables, Totals } from "./Work.ts";

export default defineTaskHandler(import.meta, Totals, async ({ pageSize }, context) => {
  const storage = await context.storage<Tables>();
  const { rows: who } = await sql<{ readonly user: string }>`SELECT current_user AS "user"`.execute(storage.db);
  let [rows, sum, last] = [0, 0, 0];
  await storage.transaction(async (db) => {
    for (;;) {
      const page = await db
        .selectFrom("reading")
        .selectAll()
        .where("id", ">", last)
        .orderBy("id")
        .limit(pageSize)
        .execute();
      if (page.length === 0) return;
      const totals = page.map(({ id, value }) => ({ id, value: (sum += value) }));
      await db.insertInto("total").values(totals).execute();
      rows += page.length;
      last = page.at(-1)?.id ?? last;
    }
  });
  return { rows, sum, user: who[0]?.user ?? "" };
});
