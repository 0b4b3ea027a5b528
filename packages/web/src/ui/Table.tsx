import type { ReactNode } from "react";
import { useKitTexts } from "../locale/useKitTexts.ts";

/** A column of a {@link Table}. */
export interface TableColumn<Row> {
  readonly id: string;
  readonly title: string;
  /** `end`: for numbers. Default: `start`. */
  readonly align?: "start" | "end";
  /** Whether its cells name the row, for screen readers. Default: false. */
  readonly isRowHeader?: boolean;
  readonly cell: (row: Row) => ReactNode;
}

/** The props of {@link Table}. */
export interface TableProps<Row> {
  /** For screen readers. */
  readonly label: string;
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
  /** Identifies a row. */
  readonly rowKey: (row: Row) => string | number;
  /** Whether the rows are current: old ones are marked. Default: true. */
  readonly isLive?: boolean;
  /** Shown in place of rows. Default: that there are none. */
  readonly empty?: ReactNode;
}

/** A table for up to some hundred rows. For more, there is `DataTable` of `@peek/web/table`. */
export function Table<Row>(props: TableProps<Row>): ReactNode {
  const { label, columns, rows, rowKey, isLive = true, empty } = props;
  const texts = useKitTexts();
  return (
    <div className="peek-table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table className="peek-table" data-live={isLive}>
        <thead>
          <tr>
            {columns.map(({ id, title, align = "start" }) => (
              <th key={id} scope="col" data-align={align}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} data-id={rowKey(row)}>
              {columns.map((column) => (
                <Cell key={column.id} column={column} row={row} />
              ))}
            </tr>
          ))}
          {rows.length === 0 && (
            <tr>
              <td colSpan={columns.length}>{empty ?? texts.noRows}</td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Cell<Row>({ column, row }: { readonly column: TableColumn<Row>; readonly row: Row }): ReactNode {
  const { id, align = "start", isRowHeader, cell } = column;
  if (isRowHeader === true) {
    return (
      <th scope="row" data-column={id} data-align={align}>
        {cell(row)}
      </th>
    );
  }
  return (
    <td data-column={id} data-align={align}>
      {cell(row)}
    </td>
  );
}
