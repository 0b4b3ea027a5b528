import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import { RowCount } from "../contracts/RowCount.ts";
import { StringIntTuple } from "../contracts/StringIntTuple.ts";
import type { TutorialTables } from "../storage/TutorialTables.ts";
import type { StringInts } from "./StringInts.ts";

/** Makes the table observable: a change by any program reaches the browsers. */
export function provideObservables(
  { observables }: PeekLogicPlatformHook<TutorialTables>,
  stringInts: StringInts,
): void {
  observables.provide(StringIntTuple, { tables: ["string_int"], load: () => stringInts.all() });
  observables.provide(RowCount, {
    tables: ["string_int"],
    load: async () => [{ value: (await stringInts.all()).length }],
  });
}
