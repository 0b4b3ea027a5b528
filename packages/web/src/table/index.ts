export type { CellValue, DataColumn } from "./DataColumn.ts";
export { DataTable, type DataTableProps } from "./DataTable.tsx";
