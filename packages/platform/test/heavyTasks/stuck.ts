import { sql } from "@peek/plugin-base/storage";
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { Stuck, type Tables } from "./Work.ts";

const never = new Promise<never>(() => undefined);

export default defineTaskHandler(import.meta, Stuck, async ({ how }, { storage, progress, signal }) => {
  const own = await storage<Tables>();
  const writing = own.transaction(async (db) => {
    await db.insertInto("total").values({ id: 1, value: 1 }).execute();
    progress("written");
    if (how === "waits") await never;
    if (how === "spins") for (;;);
    if (how === "forgets") await sql`SELECT pg_sleep(10)`.execute(db);
    if (how === "leaves") {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      throw signal.reason;
    }
  });
  // The platform does not commit a transaction that the handler does not wait for.
  if (how === "forgets") {
    writing.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    return;
  }
  await writing;
});
