import type { SortingState } from "@tanstack/react-table";
import type { ReactNode, Ref } from "react";
import type { DataColumn } from "./DataColumn.ts";

/** The props of {@link DataTableHeader}. */
export interface DataTableHeaderProps<Row> {
  readonly ref: Ref<HTMLDivElement>;
  readonly columns: readonly DataColumn<Row>[];
  readonly sorting: SortingState;
  readonly onSort: (sorting: SortingState) => void;
}

/** The titles of the columns. A press sorts ascending, then descending, then not. */
export function DataTableHeader<Row>({ ref, columns, sorting, onSort }: DataTableHeaderProps<Row>): ReactNode {
  const sorted = sorting[0];
  const sort = (id: string): void => {
    if (sorted?.id !== id) onSort([{ id, desc: false }]);
    else onSort(sorted.desc ? [] : [{ id, desc: true }]);
  };
  return (
    <div role="rowgroup" className="peek-data-header">
      <div role="row" ref={ref} className="peek-data-row" aria-rowindex={1}>
        {columns.map(({ id, title, align = "start", isSortable = true }) => {
          const direction = sorted?.id === id ? (sorted.desc ? "descending" : "ascending") : "none";
          return (
            <div key={id} role="columnheader" aria-sort={direction} data-align={align}>
              {isSortable ? (
                <button type="button" className="peek-sort" data-sort={direction} onClick={() => sort(id)}>
                  {title}
                </button>
              ) : (
                title
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
