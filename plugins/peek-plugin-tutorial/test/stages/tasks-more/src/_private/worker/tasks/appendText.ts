import { TaskRejection } from "@peek/plugin-base/contracts";
import { type PluginStorage, sql } from "@peek/plugin-base/storage";
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { AppendText } from "../../contracts/AppendText.ts";
import type { TutorialTables } from "../../storage/TutorialTables.ts";

/** Appends to the text of a row in the plugin's table. */
export const appendText = (storage: PluginStorage<TutorialTables>) =>
  defineTaskHandler(import.meta, AppendText, async ({ id, text }) => {
    const row = await storage.db
      .updateTable("string_int")
      .set({ string1: sql`string1 || ${text}` })
      .where("id", "=", id)
      .returning("string1")
      .executeTakeFirst();
    if (row === undefined) throw new TaskRejection(`There is no row ${id}`);
    return row.string1;
  });
