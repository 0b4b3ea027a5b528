import type { Generated, Json, Timestamp } from "@peek/plugin-base/storage";

/** The plugin's tables: the rows of each, by its name. */
export interface TutorialTables {
  readonly string_int: StringIntTable;
  readonly setting_property: SettingPropertyTable;
}

/** A text and a number. */
export interface StringIntTable {
  readonly id: Generated<number>;
  readonly string1: string;
  readonly int1: number;
}

/** A setting of the plugin. */
export interface SettingPropertyTable {
  readonly key: string;
  readonly value: Json<unknown>;
  readonly changed_at: Timestamp;
}
