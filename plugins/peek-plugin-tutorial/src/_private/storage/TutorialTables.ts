import type { Generated, Json, Timestamp } from "@peek/plugin-base/storage";

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
}

/** The rows of setting_property: the settings of the plugin. */
export interface SettingPropertyTable {
  readonly key: string;
  readonly value: Json<unknown>;
  readonly changed_at: Timestamp;
}
