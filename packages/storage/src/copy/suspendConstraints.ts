import { escapeIdentifier, escapeLiteral } from "pg";
import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { qualified } from "./SchemaShape.ts";

/** SQL that disables a constraint, trigger or policy, and SQL that restores it. */
interface Suspension {
  readonly disable: string;
  readonly restore: string;
}

// Foreign keys, and checks whose functions read other tables, would require an order of the tables, which need not exist.
// A check that was added as NOT VALID may not hold for older rows.
const constraintsQuery = `
  SELECT
    namespace.nspname AS schema,
    class.relname AS name,
    constraint_.conname AS constraint,
    pg_catalog.pg_get_constraintdef(constraint_.oid) AS definition,
    pg_catalog.obj_description(constraint_.oid, 'pg_constraint') AS comment
  FROM pg_catalog.pg_constraint AS constraint_
  JOIN pg_catalog.pg_class AS class ON class.oid = constraint_.conrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
  WHERE namespace.nspname = $1 AND constraint_.conparentid = 0 AND constraint_.coninhcount = 0
    AND constraint_.contype IN ('f', 'c')
`;

const triggersQuery = `
  SELECT namespace.nspname AS schema, class.relname AS name, tgname AS trigger, tgenabled AS enabled
  FROM pg_catalog.pg_trigger AS trigger_
  JOIN pg_catalog.pg_class AS class ON class.oid = trigger_.tgrelid
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
  WHERE namespace.nspname = $1 AND class.relkind = 'r' AND NOT tgisinternal AND tgenabled <> 'D'
`;

// Tables whose policies hold for the owner too, which excludes COPY.
const forcedQuery = `
  SELECT namespace.nspname AS schema, class.relname AS name
  FROM pg_catalog.pg_class AS class
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
  WHERE namespace.nspname = $1 AND class.relforcerowsecurity
`;

const forcedSchema = z.array(z.object({ schema: z.string(), name: z.string() }));

const constraintsSchema = z.array(
  z.object({
    schema: z.string(),
    name: z.string(),
    constraint: z.string(),
    definition: z.string(),
    comment: z.string().nullable(),
  }),
);

/** The clause of ALTER TABLE, by `tgenabled`. */
const firing = { O: "ENABLE", R: "ENABLE REPLICA", A: "ENABLE ALWAYS" } as const;

const triggersSchema = z.array(
  z.object({ schema: z.string(), name: z.string(), trigger: z.string(), enabled: z.enum(["O", "R", "A"]) }),
);

/**
 * Disables everything that could reject or change copied rows: foreign keys, checks, triggers, and policies that hold for
 * the owner too.
 *
 * @returns Restores all of it; the constraints are then checked for all rows.
 */
export async function suspendConstraints(connection: PooledConnection, schema: string): Promise<() => Promise<void>> {
  const suspensions = [
    ...(await policiesOf(connection, schema)),
    ...(await triggersOf(connection, schema)),
    ...(await constraintsOf(connection, schema)),
  ];
  await run(
    connection,
    suspensions.map(({ disable }) => disable),
  );
  return () =>
    run(
      connection,
      suspensions.toReversed().map(({ restore }) => restore),
    );
}

async function constraintsOf(connection: PooledConnection, schema: string): Promise<readonly Suspension[]> {
  const { rows } = await connection.query(constraintsQuery, [schema]);
  return constraintsSchema.parse(rows).map(({ constraint, definition, comment, ...table }) => {
    const name = escapeIdentifier(constraint);
    const add = `ALTER TABLE ${qualified(table)} ADD CONSTRAINT ${name} ${definition}`;
    return {
      disable: `ALTER TABLE ${qualified(table)} DROP CONSTRAINT ${name}`,
      restore:
        comment === null
          ? add
          : `${add}; COMMENT ON CONSTRAINT ${name} ON ${qualified(table)} IS ${escapeLiteral(comment)}`,
    };
  });
}

async function policiesOf(connection: PooledConnection, schema: string): Promise<readonly Suspension[]> {
  const { rows } = await connection.query(forcedQuery, [schema]);
  return forcedSchema.parse(rows).map((table) => ({
    disable: `ALTER TABLE ${qualified(table)} NO FORCE ROW LEVEL SECURITY`,
    restore: `ALTER TABLE ${qualified(table)} FORCE ROW LEVEL SECURITY`,
  }));
}

async function triggersOf(connection: PooledConnection, schema: string): Promise<readonly Suspension[]> {
  const { rows } = await connection.query(triggersQuery, [schema]);
  return triggersSchema.parse(rows).map(({ trigger, enabled, ...table }) => {
    const name = escapeIdentifier(trigger);
    return {
      disable: `ALTER TABLE ONLY ${qualified(table)} DISABLE TRIGGER ${name}`,
      restore: `ALTER TABLE ONLY ${qualified(table)} ${firing[enabled]} TRIGGER ${name}`,
    };
  });
}

async function run(connection: PooledConnection, statements: readonly string[]): Promise<void> {
  // One at a time, so that a failure names its statement.
  for (const statement of statements) await connection.query(statement);
}
