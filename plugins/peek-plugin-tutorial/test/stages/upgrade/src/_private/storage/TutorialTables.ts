import type { Generated } from "@peek/plugin-base/storage";
import type { SettingPropertyTable } from "../../../../../../src/_private/storage/TutorialTables.ts";

/** The plugin's tables: the type of the rows, by the name of the table. */
export interface TutorialTables {
  readonly string_int: StringIntTable;
  readonly setting_property: SettingPropertyTable;
}

/** The rows of string_int: a text and a number. */
export interface StringIntTable {
  readonly id: Generated<number>;
  readonly string1: string;
  readonly int1: number;
  readonly unit: Generated<string>;
}
