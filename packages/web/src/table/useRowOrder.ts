import {
  createSortedRowModel,
  rowSortingFeature,
  type SortingState,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useMemo } from "react";
import { compareValues } from "./compareValues.ts";
import type { DataColumn } from "./DataColumn.ts";
import { useSettled } from "./useSettled.ts";

/** How often rows may change their places while they are sorted by values that change: readers have to be able to follow. */
const settleMs = 1000;
const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });
const unsorted: readonly never[] = [];

/** The options of {@link useRowOrder}. */
export interface RowOrderOptions<Row> {
  readonly columns: readonly DataColumn<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string | number;
  readonly sorting: SortingState;
  readonly language: string;
}

/** The rows in the order in which they are shown: the present ones, at places that change at most once per second. */
export function useRowOrder<Row>(options: RowOrderOptions<Row>): readonly Row[] {
  const { columns, rows, rowKey, sorting, language } = options;
  const settled = useSettled(rows, settleMs);
  const isSorted = sorting.length > 0;
  const collator = useMemo(() => new Intl.Collator(language, { numeric: true, sensitivity: "base" }), [language]);
  const definitions = useMemo(
    () =>
      columns.map(({ id, value }) => ({
        id,
        accessorFn: (row: Wrapped<Row>) => value(row.row),
        sortUndefined: "last" as const,
        sortFn: (one: { original: Wrapped<Row> }, other: { original: Wrapped<Row> }) =>
          compareValues(value(one.original.row), value(other.original.row), collator),
      })),
    [columns, collator],
  );
  const data = useMemo(() => (isSorted ? settled.map((row) => ({ row })) : unsorted), [settled, isSorted]);
  const table = useTable({ features, columns: definitions, data, state: { sorting } });
  const sorted = isSorted ? table.getRowModel().rows : unsorted;
  return useMemo(() => {
    if (!isSorted) return rows;
    const present = new Map(rows.map((row) => [rowKey(row), row]));
    return sorted.flatMap(({ original }) => {
      const row = present.get(rowKey(original.row));
      return row === undefined ? [] : [row];
    });
  }, [isSorted, rows, rowKey, sorted]);
}

/** TanStack Table takes objects as rows. */
interface Wrapped<Row> {
  readonly row: Row;
}
