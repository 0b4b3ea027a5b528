import { defineBadge } from "@peek/plugin-base/contracts";

/** The number of rows of string_int, on the plugin's tile. */
export const RowCount = defineBadge("peek_plugin_tutorial.RowCount");
