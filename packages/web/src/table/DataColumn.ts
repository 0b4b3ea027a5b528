import type { ReactNode } from "react";

/** A value by which rows are sorted. Undefined ones come last. */
export type CellValue = string | number | boolean | Date | undefined;

/** A column of a `DataTable`. Keep the list of columns the same object: define it outside of the component, or with `useMemo`. */
export interface DataColumn<Row> {
  readonly id: string;
  readonly title: string;
  /** The value of a row: what is shown, unless there is `cell`, and what rows are sorted by. */
  readonly value: (row: Row) => CellValue;
  /** Renders the cell. Default: the value, written as the user has set it. */
  readonly cell?: (row: Row) => ReactNode;
  /** `end`: for numbers. Default: `start`. */
  readonly align?: "start" | "end";
  /** A track of a CSS grid: "8rem", "2fr". Default: "minmax(6rem, 1fr)". */
  readonly width?: string;
  /** Whether its cells name the row, for screen readers. Default: false. */
  readonly isRowHeader?: boolean;
  /** Whether a press on its title sorts the rows by it. Default: true. */
  readonly isSortable?: boolean;
}
