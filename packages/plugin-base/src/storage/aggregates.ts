// oxlint-disable typescript/no-unnecessary-type-parameters -- Kysely has these parameters, which are not believed here
import type { AggregateFunctionBuilder, ExtractTypeFromReferenceExpression, ReferenceExpression } from "kysely";

/**
 * What `sum()` of a column gives: of `smallint` and `integer` a bigint, of `bigint` and `numeric` a text with every digit, of `real` and
 * `double precision` a number. The type of a column does not tell the two kinds of numbers apart. Of no rows: null.
 */
export type SumOf<Value> = Value extends number
  ? bigint | number | null
  : Value extends bigint | string
    ? string | null
    : Value extends null
      ? null
      : bigint | number | string | null;

/** What `avg()` of a column gives: of floating point numbers a number, of all others a text with every digit. Of no rows: null. */
export type AverageOf<Value> = Value extends bigint | string
  ? string | null
  : Value extends null
    ? null
    : number | string | null;

type ValueOf<DB, TB extends keyof DB, Reference> = ExtractTypeFromReferenceExpression<DB, TB, Reference>;

// Kysely lets an author say what an aggregate gives, `countAll<number>()`, and believes it. These come first among its overloads:
// the types are those of PostgreSQL, not the declared ones.
declare module "kysely" {
  interface FunctionModule<DB, TB extends keyof DB> {
    countAll<_Said extends number | string | bigint = bigint, T extends TB = TB>(
      table: T,
    ): AggregateFunctionBuilder<DB, TB, bigint>;
    countAll<_Said extends number | string | bigint = bigint>(): AggregateFunctionBuilder<DB, TB, bigint>;
    count<
      _Said extends number | string | bigint = bigint,
      Reference extends ReferenceExpression<DB, TB> = ReferenceExpression<DB, TB>,
    >(
      expression: Reference,
    ): AggregateFunctionBuilder<DB, TB, bigint>;
    sum<
      _Said extends number | string | bigint | null = never,
      Reference extends ReferenceExpression<DB, TB> = ReferenceExpression<DB, TB>,
    >(
      expression: Reference,
    ): AggregateFunctionBuilder<DB, TB, SumOf<ValueOf<DB, TB, Reference>>>;
    avg<
      _Said extends number | string | null = never,
      Reference extends ReferenceExpression<DB, TB> = ReferenceExpression<DB, TB>,
    >(
      expression: Reference,
    ): AggregateFunctionBuilder<DB, TB, AverageOf<ValueOf<DB, TB, Reference>>>;
  }
}
