export {
  type ColumnType,
  type Expression,
  type Generated,
  type GeneratedAlways,
  type Insertable,
  type Kysely,
  type RawBuilder,
  type Selectable,
  sql,
  type Transaction,
  type Updateable,
} from "kysely";
export type { AverageOf, SumOf } from "./aggregates.ts";
export type { BigInteger, Bytes, Json, Numeric, Timestamp } from "./columns.ts";
export { jsonb } from "./jsonb.ts";
export type { Migration, MigrationDatabase, MigrationTables } from "./Migration.ts";
export type { IsolationLevel, PluginStorage, TransactionOptions } from "./PluginStorage.ts";
export type { StorageOf } from "./StorageOf.ts";
