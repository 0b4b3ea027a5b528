/** A web module whose pages have every component of the UI kit. */
export const kitModule = `import { useForm, useNotifications, PluginLink } from "@peek/web";
import * as kit from "@peek/web/ui";
import { DataTable } from "@peek/web/table";
import { LineChart } from "@peek/web/charts";
import { z } from "zod";
const tones = ["neutral", "info", "success", "warning", "alarm"];
const schema = z.object({
  name: z.string().min(2), count: z.int(), kind: z.enum(["pump", "valve"]),
  isOn: z.boolean().optional(), note: z.string().optional(),
});
const options = [{ id: "pump", text: "Pump", icon: "droplets" }, { id: "valve", text: "Valve" }];
const stale = { status: "stale", tuples: [], asOf: new Date(2026, 0, 2, 3, 4, 5), reason: "The service does not reach logic" };
const Form = () => {
  const notify = useNotifications();
  const form = useForm(schema, { initial: { count: 3 }, onSubmit: ({ name }) => {
    if (name === "locked") throw new Error("The pump is locked.");
    notify({ text: "Saved " + name, tone: "success" });
  } });
  return h(kit.FormView, { form, submitText: "Save" },
    h(kit.TextField, { label: "Name", isRequired: true, description: "Two characters or more", ...form.field("name") }),
    h(kit.NumberField, { label: "Count", ...form.field("count") }),
    h(kit.Select, { label: "Kind", options, ...form.field("kind") }),
    h(kit.TextField, { label: "Note", isMultiline: true, ...form.field("note") }),
    h(kit.Checkbox, { label: "In operation", ...form.field("isOn") }));
};
const Kit = () => {
  const [isOpen, setOpen] = React.useState(false);
  const [isOn, setOn] = React.useState(true);
  const notify = useNotifications();
  return h(kit.Stack, null,
    h("h1", null, "Components"),
    h(kit.Toolbar, { label: "Pumps" },
      h(kit.Button, { kind: "primary", icon: "plus", onPress: () => setOpen(true) }, "Add"),
      h(kit.Button, null, "Normal"), h(kit.Button, { kind: "quiet" }, "Quiet"),
      h(kit.Button, { kind: "danger", icon: "trash-2" }, "Remove"), h(kit.Button, { isDisabled: true }, "Disabled"),
      h(kit.Tooltip, { text: "More about it" }, h(kit.Button, { label: "About pumps", icon: "info" })),
      h(kit.Menu, { items: [{ id: "start", text: "Start" }], onAction: (id) => notify({ text: "Chosen: " + id }) }, "Menu")),
    h(Form), h(kit.Switch, { label: "Sound", value: isOn, onChange: setOn }),
    h(kit.Stack, { direction: "row" }, tones.map((tone) => h(kit.Badge, { key: tone, tone }, tone))),
    tones.map((tone) => h(kit.Notice, { key: tone, tone, title: tone }, "A sentence.")),
    h(kit.StaleNotice, { state: stale }),
    h(kit.Tabs, { label: "Views", tabs: [{ id: "one", title: "One", content: "First" }, { id: "two", title: "Two", content: "Second" }] }),
    h(kit.Table, { label: "Flows", isLive: false, rowKey: (row) => row.id, rows: [{ id: "P1", flow: 12.5 }, { id: "P2", flow: 3 }], columns: [
      { id: "id", title: "Id", isRowHeader: true, cell: (row) => row.id },
      { id: "flow", title: "Flow", align: "end", cell: (row) => row.flow } ] }),
    h(kit.Select, { label: "Fixed kind", options, value: "pump", isReadOnly: true }),
    h(kit.EmptyState, { title: "No pumps" }, "Add one."), h(kit.Spinner), h(PluginLink, { to: "table" }, "To the table"),
    h(kit.Dialog, { title: "Add a pump", isOpen, onClose: () => setOpen(false) }, h(kit.TextField, { label: "Pump" })));
};
const columns = [
  { id: "id", title: "Id", value: (row) => row.id, isRowHeader: true, width: "8rem" },
  { id: "text", title: "Text", value: (row) => row.text, width: "2fr" },
  { id: "number", title: "Number", value: (row) => row.number, align: "end" },
];
const rowKey = (row) => row.id;
const nasty = "<b>bold</b> \\u202eright to left " + "x".repeat(10000);
const first = Array.from({ length: 10000 }, (_, id) => ({ id, text: id === 2 ? nasty : "Row " + id, number: id * 7 % 1000 }));
const Table = () => {
  const [rows, setRows] = React.useState(first);
  const [isRunning, setRunning] = React.useState(false);
  React.useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => setRows((before) => {
      const rows = [...before];
      for (let change = 0; change < 10; change += 1) {
        const index = Math.floor(Math.random() * (change < 5 ? 20 : rows.length));
        rows[index] = { ...rows[index], number: Math.floor(Math.random() * 1000) };
      }
      return rows;
    }), 100);
    return () => clearInterval(timer);
  }, [isRunning]);
  return h(React.Fragment, null,
    h("button", { onClick: () => setRunning(true) }, "Run"),
    h(DataTable, { label: "Rows", columns, rows, rowKey }));
};
const times = Array.from({ length: 100 }, (_, index) => 1790000000000 + index * 60000);
const series = [{ id: "one", title: "Pump 1", values: times.map((_, index) => Math.sin(index / 10) * 20 + 50) }];
const Chart = () => h(LineChart, { label: "Flow", unit: "l/s", times, series });
export default definePluginWeb({ routes: {
  "": async () => ({ default: Kit }), table: async () => ({ default: Table }), chart: async () => ({ default: Chart }),
} });`;

/** The routes of {@link kitModule}. */
export const kitRoutes = [
  { path: "", title: "Kit" },
  { path: "table", title: "Table" },
  { path: "chart", title: "Chart" },
] as const;
