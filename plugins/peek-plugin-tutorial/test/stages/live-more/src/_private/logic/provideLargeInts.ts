import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import { LargeIntSelector, LargeIntTuple } from "../contracts/LargeIntTuple.ts";
import type { TutorialTables } from "../storage/TutorialTables.ts";

/** Makes the rows with large numbers observable. Browsers without a login see only numbers from 100 on. */
export function provideLargeInts({ observables, storage }: PeekLogicPlatformHook<TutorialTables>): void {
  observables.provide(LargeIntTuple, {
    selector: LargeIntSelector,
    tables: ["string_int"],
    load: ({ least }) =>
      storage.db.selectFrom("string_int").select(["id", "int1"]).where("int1", ">=", least).orderBy("id").execute(),
    affects: ({ rows }, { least }) => rows === undefined || rows.some(({ int1 }) => Number(int1) >= least),
    authorize: ({ user }, { least }) => !user.anonymous || least >= 100,
  });
}
