import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import { AddStringInt } from "../contracts/AddStringInt.ts";
import type { TutorialTables } from "../storage/TutorialTables.ts";

/** Inserts rows, and returns their ids. */
export function handleAddStringInt({ actions }: PeekLogicPlatformHook<TutorialTables>): void {
  actions.handle(AddStringInt, (row, { transaction }) =>
    transaction.insertInto("string_int").values(row).returning("id").executeTakeFirstOrThrow(),
  );
}
