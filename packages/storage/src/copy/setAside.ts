import { escapeIdentifier, escapeLiteral } from "pg";
import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";
import { qualified } from "./SchemaShape.ts";

/** SQL that takes something out of the way, and SQL that puts it back as it was. */
interface Aside {
  readonly away: string;
  readonly back: string;
}

// Foreign keys, and checks whose functions read other tables, would have tables filled in an order that need not exist;
// and there are checks that were never made of the rows that were there before them.
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

// Tables whose owner sees the rows by the policies only, and may not be sent any by COPY.
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

/** When a trigger fires, in the words of ALTER TABLE. */
const firing = { O: "ENABLE", R: "ENABLE REPLICA", A: "ENABLE ALWAYS" } as const;

const triggersSchema = z.array(
  z.object({ schema: z.string(), name: z.string(), trigger: z.string(), enabled: z.enum(["O", "R", "A"]) }),
);

/**
 * Takes out of the way what would keep rows from being copied as they are: foreign keys, checks, triggers, and
 * policies that hold for the owner too.
 *
 * @returns Puts all of it back; the rows are then checked against the constraints.
 */
export async function setAside(lent: LentClient, schema: string): Promise<() => Promise<void>> {
  const asides = [
    ...(await policiesOf(lent, schema)),
    ...(await triggersOf(lent, schema)),
    ...(await constraintsOf(lent, schema)),
  ];
  await run(
    lent,
    asides.map(({ away }) => away),
  );
  return () =>
    run(
      lent,
      asides.toReversed().map(({ back }) => back),
    );
}

async function constraintsOf(lent: LentClient, schema: string): Promise<readonly Aside[]> {
  const { rows } = await lent.query(constraintsQuery, [schema]);
  return constraintsSchema.parse(rows).map(({ constraint, definition, comment, ...table }) => {
    const name = escapeIdentifier(constraint);
    const add = `ALTER TABLE ${qualified(table)} ADD CONSTRAINT ${name} ${definition}`;
    return {
      away: `ALTER TABLE ${qualified(table)} DROP CONSTRAINT ${name}`,
      back:
        comment === null
          ? add
          : `${add}; COMMENT ON CONSTRAINT ${name} ON ${qualified(table)} IS ${escapeLiteral(comment)}`,
    };
  });
}

async function policiesOf(lent: LentClient, schema: string): Promise<readonly Aside[]> {
  const { rows } = await lent.query(forcedQuery, [schema]);
  return forcedSchema.parse(rows).map((table) => ({
    away: `ALTER TABLE ${qualified(table)} NO FORCE ROW LEVEL SECURITY`,
    back: `ALTER TABLE ${qualified(table)} FORCE ROW LEVEL SECURITY`,
  }));
}

async function triggersOf(lent: LentClient, schema: string): Promise<readonly Aside[]> {
  const { rows } = await lent.query(triggersQuery, [schema]);
  return triggersSchema.parse(rows).map(({ trigger, enabled, ...table }) => {
    const name = escapeIdentifier(trigger);
    return {
      away: `ALTER TABLE ONLY ${qualified(table)} DISABLE TRIGGER ${name}`,
      back: `ALTER TABLE ONLY ${qualified(table)} ${firing[enabled]} TRIGGER ${name}`,
    };
  });
}

async function run(lent: LentClient, statements: readonly string[]): Promise<void> {
  // One at a time, so that a failure names its statement.
  for (const statement of statements) await lent.query(statement);
}
