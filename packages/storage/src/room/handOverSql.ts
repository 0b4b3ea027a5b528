import { escapeIdentifier, escapeLiteral } from "pg";

/** What can be given an owner, by the names that PostgreSQL has for the kinds of things. */
const kinds = [
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
 * Makes a role the owner of a schema and of all that is in it: a database that was restored without its roles has
 * given everything to the account that restored it.
 *
 * Left out is what goes with something else: indexes, the types of tables' rows and of several ranges, the sequences
 * of columns, and what belongs to an extension.
 */
export function handOverSql(schema: string, role: string): string {
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
            AND identified.type = ANY (ARRAY[${kinds.map((kind) => escapeLiteral(kind)).join(", ")}])
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
