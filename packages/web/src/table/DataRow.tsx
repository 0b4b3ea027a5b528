import { memo, type ReactNode } from "react";
import type { Format } from "../locale/useFormat.ts";
import type { CellValue, DataColumn } from "./DataColumn.ts";

/** The props of {@link DataRow}. */
export interface DataRowProps<Row> {
  readonly row: Row;
  readonly rowId: string;
  /** From 0. */
  readonly index: number;
  /** From the top of the rows, in pixels. */
  readonly top: number;
  readonly isActive: boolean;
  readonly columns: readonly DataColumn<Row>[];
  readonly format: Format;
  readonly onPress: (index: number) => void;
}

function PlainDataRow<Row>({
  row,
  rowId,
  index,
  top,
  isActive,
  columns,
  format,
  onPress,
}: DataRowProps<Row>): ReactNode {
  return (
    // The grid has the focus and the keys.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      role="row"
      id={rowId}
      aria-rowindex={index + 2}
      className="peek-data-row"
      data-active={isActive}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onPress(index)}
    >
      {columns.map(({ id, value, cell, align = "start", isRowHeader }) => (
        <div key={id} role={isRowHeader === true ? "rowheader" : "gridcell"} data-column={id} data-align={align}>
          {cell === undefined ? textOf(value(row), format) : cell(row)}
        </div>
      ))}
    </div>
  );
}

/** A row: it is rendered again only when something of it has changed. */
export const DataRow = memo(PlainDataRow) as typeof PlainDataRow;

function textOf(value: CellValue, format: Format): ReactNode {
  if (typeof value === "string") return <bdi>{value}</bdi>;
  if (typeof value === "number") return format.number(value);
  if (value instanceof Date) return format.dateTime(value);
  if (typeof value === "boolean") return value ? "✓" : "–";
  return "";
}
