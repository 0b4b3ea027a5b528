import { ActionRejection } from "@peek/plugin-base/contracts";
import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import type { Transaction } from "@peek/plugin-base/storage";
import { AddIntValue } from "../contracts/AddIntValue.ts";
import { rowAfterAdding, rowAfterToggling } from "../contracts/rowChanges.ts";
import { StringCapToggle } from "../contracts/StringCapToggle.ts";
import type { TutorialTables } from "../storage/TutorialTables.ts";
import type { StringInt } from "./StringInts.ts";

/** Executes the users' actions. */
export function handleActions({ actions }: PeekLogicPlatformHook<TutorialTables>): void {
  actions.handle(AddIntValue, async (action, { transaction }) => {
    const row = rowAfterAdding(await rowOf(action.id, transaction), action);
    if (row === undefined) throw new ActionRejection("The number would be too large");
    await transaction.updateTable("string_int").set({ int1: row.int1 }).where("id", "=", row.id).execute();
  });
  actions.handle(StringCapToggle, async ({ id }, { transaction }) => {
    const row = rowAfterToggling(await rowOf(id, transaction));
    await transaction.updateTable("string_int").set({ string1: row.string1 }).where("id", "=", id).execute();
  });
}

/** Reads and locks a row: other transactions that change it wait until this one ends. */
async function rowOf(id: number, transaction: Transaction<TutorialTables>): Promise<StringInt> {
  const row = await transaction
    .selectFrom("string_int")
    .selectAll()
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new ActionRejection(`There is no row ${id} any more`);
  return row;
}
