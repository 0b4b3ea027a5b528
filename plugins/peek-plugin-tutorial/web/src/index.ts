import { definePluginWeb } from "@peek/web";
import { addOne } from "./addOne.ts";
import { addOptimisticUpdates } from "./addOptimisticUpdates.ts";

/** The plugin's part of the field and office apps. */
export default definePluginWeb({
  routes: {
    rows: () => import("./RowsPage.tsx"),
    "rows/:id": () => import("./RowPage.tsx"),
  },
  commands: { "add-one": addOne },
  start: ({ client }) => (client === undefined ? undefined : addOptimisticUpdates(client)),
});
