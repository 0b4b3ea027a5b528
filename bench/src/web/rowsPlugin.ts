import { observablePlugin } from "tests/observablePlugin";

/** The plugin of {@link rowsPlugin}. */
export const rowsPluginName = "peek_plugin_rows";

const contracts = `import { defineTuple } from "@peek/plugin-base/contracts";
import { z } from "zod";
const shape = { id: z.int(), name: z.string(), state: z.string(), value: z.int() };
export const Row = defineTuple("${rowsPluginName}.Row", shape, { key: "id" });
`;

/** The page, as a build has it: the observable of all rows in a DataTable. */
const module = `import { createElement } from "react";
import { useObservable } from "@peek/client/react";
import { definePluginWeb } from "@peek/web";
import { DataTable } from "@peek/web/table";
${contracts}const columns = [
  { id: "id", title: "Number", value: (row) => row.id, align: "end", isRowHeader: true },
  { id: "name", title: "Name", value: (row) => row.name },
  { id: "state", title: "State", value: (row) => row.state },
  { id: "value", title: "Value", value: (row) => row.value, align: "end" },
];
const rowKey = (row) => row.id;
const Rows = () => {
  const { tuples, status } = useObservable(Row);
  return createElement(DataTable, { label: "Rows", columns, rows: tuples, rowKey, isLive: status === "live" });
};
export default definePluginWeb({ routes: { "": async () => ({ default: Rows }) } });
`;

const logicStart = `
const { observables, storage } = this.platform;
observables.provide(Row, {
  tables: ["row"],
  load: () => storage.db.selectFrom("row").selectAll().orderBy("id").execute(),
});`;

const tables = `
  CREATE TABLE row (id int PRIMARY KEY, name text NOT NULL, state text NOT NULL, value int NOT NULL);
  INSERT INTO row SELECT id, 'Pump ' || id, 'running', id FROM generate_series(1, 10000) AS id;
`;

/** A plugin with 10,000 rows in a table of the database, and a page in field's app that shows them. */
export function rowsPlugin(): ReturnType<typeof observablePlugin> {
  const start = { logic: logicStart, field: "this.platform.observables.expose(Row);" };
  const plugin = observablePlugin({
    name: rowsPluginName,
    contracts,
    header: `import { Row } from "./contracts.js";`,
    start,
    tables,
  });
  const built = { format: 1, plugin: rowsPluginName, webApi: "1.0", module: "main.js", styles: [] };
  const web = { dir: "web", title: "Rows", routes: [{ path: "", title: "Rows" }] };
  return {
    ...plugin,
    manifest: { ...Object(plugin.manifest), field: { web } },
    files: { ...plugin.files, "web/peek-web.json": JSON.stringify(built), "web/main.js": module },
  };
}
