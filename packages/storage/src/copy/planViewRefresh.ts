import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { qualified } from "./SchemaShape.ts";

// Plain and materialized views, each with the objects that it depends on.
const viewsQuery = `
  SELECT class.oid::text AS id, namespace.nspname AS schema, class.relname AS name,
    class.relkind = 'm' AS is_stored, class.relispopulated AS is_filled,
    ARRAY(
      SELECT DISTINCT depend.refobjid::text
      FROM pg_catalog.pg_rewrite AS rewrite
      JOIN pg_catalog.pg_depend AS depend
        ON depend.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND depend.objid = rewrite.oid
        AND depend.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND depend.refobjid <> class.oid
      WHERE rewrite.ev_class = class.oid
    ) AS uses
  FROM pg_catalog.pg_class AS class
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
  WHERE namespace.nspname = $1 AND class.relkind IN ('v', 'm')
  ORDER BY namespace.nspname, class.relname
`;

const viewsSchema = z.array(
  z.object({
    id: z.string(),
    schema: z.string(),
    name: z.string(),
    is_stored: z.boolean(),
    is_filled: z.boolean(),
    uses: z.array(z.string()),
  }),
);

type View = z.infer<typeof viewsSchema>[number];

/** The statements that refresh the materialized views that are populated in the source, in the order of their dependencies. */
export async function planViewRefresh(
  source: PooledConnection,
  target: PooledConnection,
  schema: string,
): Promise<readonly string[]> {
  const filled = new Set((await viewsIn(source, schema)).filter((view) => view.is_filled).map(qualified));
  return byDependency(await viewsIn(target, schema))
    .filter((view) => view.is_stored)
    .map(qualified)
    .map((name) => `REFRESH MATERIALIZED VIEW ${name}${filled.has(name) ? "" : " WITH NO DATA"}`);
}

async function viewsIn(connection: PooledConnection, schema: string): Promise<readonly View[]> {
  return viewsSchema.parse((await connection.query(viewsQuery, [schema])).rows);
}

function byDependency(views: readonly View[]): readonly View[] {
  const byId = new Map(views.map((view) => [view.id, view]));
  const ordered = new Set<View>();
  const add = (view: View): void => {
    if (ordered.has(view)) return;
    // The dependencies of views have no cycles.
    for (const id of view.uses) {
      const used = byId.get(id);
      if (used !== undefined) add(used);
    }
    ordered.add(view);
  };
  views.forEach(add);
  return [...ordered];
}
