import { escapeIdentifier, escapeLiteral } from "pg";

/** The types of objects that have an owner, by PostgreSQL's names. */
const objectTypes = [
  "table",
  "view",
  "materialized view",
  "foreign table",
  "sequence",
  "type",
  "function",
  "procedure",
  "aggregate",
  "collation",
  "conversion",
  "operator",
  "operator class",
  "operator family",
  "text search configuration",
  "text search dictionary",
  "statistics object",
];

/**
 * SQL that makes a role the owner of a schema and of all objects in it. In a database that was restored without its
 * roles, the account that restored it owns everything.
 *
 * Dependent objects are left out, since their owner follows: indexes, row types of tables, multirange types, sequences
 * of columns, and members of an extension.
 */
export function transferOwnershipSql(schema: string, role: string): string {
  return `
    ALTER SCHEMA ${escapeIdentifier(schema)} OWNER TO ${escapeIdentifier(role)};
    DO $peek$
      DECLARE
        thing record;
      BEGIN
        FOR thing IN
          SELECT
            CASE
              WHEN identified.type IN ('function', 'procedure', 'aggregate') THEN 'ROUTINE'
              WHEN identified.type = 'statistics object' THEN 'STATISTICS'
              ELSE upper(identified.type)
            END AS kind,
            identified.identity
          FROM pg_catalog.pg_depend AS contained
          CROSS JOIN LATERAL pg_catalog.pg_identify_object(contained.classid, contained.objid, 0) AS identified
          WHERE contained.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
            AND contained.refobjid = ${escapeLiteral(escapeIdentifier(schema))}::pg_catalog.regnamespace
            AND contained.deptype = 'n'
            AND identified.type = ANY (ARRAY[${objectTypes.map((type) => escapeLiteral(type)).join(", ")}])
            AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_depend AS part
              WHERE part.classid = contained.classid
                AND part.objid = contained.objid
                AND part.objsubid = 0
                AND (part.deptype IN ('i', 'e') OR (part.deptype = 'a' AND identified.type = 'sequence'))
            )
        LOOP
          EXECUTE pg_catalog.format(
            'ALTER %s %s OWNER TO %I', thing.kind, thing.identity, ${escapeLiteral(role)}
          );
        END LOOP;
      END
    $peek$;
  `;
}
