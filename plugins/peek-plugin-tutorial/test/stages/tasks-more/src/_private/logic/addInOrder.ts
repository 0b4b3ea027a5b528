import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import { AppendText } from "../contracts/AppendText.ts";
import type { TutorialTables } from "../storage/TutorialTables.ts";

/** Inserts a row and queues tasks that append to it, in one transaction. Returns the ids of the tasks. */
export async function addInOrder(
  { storage, tasks }: PeekLogicPlatformHook<TutorialTables>,
  texts: readonly string[],
): Promise<readonly string[]> {
  return await storage.transaction(async (transaction) => {
    const { id } = await transaction
      .insertInto("string_int")
      .values({ string1: "", int1: texts.length })
      .returning("id")
      .executeTakeFirstOrThrow();
    const inputs = texts.map((text) => ({ id, text }));
    return await tasks.enqueueAll(AppendText, inputs, { transaction, key: `row ${id}` });
  });
}
