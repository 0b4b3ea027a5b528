import type { SortingState } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type KeyboardEvent, type ReactNode, useCallback, useId, useRef, useState } from "react";
import { useFormat } from "../locale/useFormat.ts";
import { useKitTexts } from "../locale/useKitTexts.ts";
import { useLocale } from "../locale/LocaleProvider.ts";
import type { DataColumn } from "./DataColumn.ts";
import { DataRow } from "./DataRow.tsx";
import { DataTableHeader } from "./DataTableHeader.tsx";
import { nextRow } from "./nextRow.ts";
import { useRowHeight } from "./useRowHeight.ts";
import { useRowOrder } from "./useRowOrder.ts";

const overscan = 8;

/** The props of {@link DataTable}. */
export interface DataTableProps<Row> {
  /** For screen readers. */
  readonly label: string;
  readonly columns: readonly DataColumn<Row>[];
  /** Unchanged rows have to be the same objects, as those of `useObservable` are: only changed ones are rendered again. */
  readonly rows: readonly Row[];
  /** Identifies a row. Keep it the same function. */
  readonly rowKey: (row: Row) => string | number;
  /** Whether the rows are current: old ones are marked. Default: true. */
  readonly isLive?: boolean;
  /** A CSS height. Default: "min(70dvh, 60rem)". */
  readonly height?: string;
  /** Called when a row is pressed, or Enter while it is the active one. */
  readonly onRowAction?: (row: Row) => void;
  /** Shown in place of rows. Default: that there are none. */
  readonly empty?: ReactNode;
}

/**
 * A table for ten thousand rows that change all the time. It renders the visible rows alone. The arrow keys, Page Up, Page Down, Home and
 * End move through the rows. A press on a title sorts; sorted rows change their places at most once per second.
 */
export function DataTable<Row>(props: DataTableProps<Row>): ReactNode {
  const { label, columns, rows, rowKey, isLive = true, height = "min(70dvh, 60rem)", onRowAction, empty } = props;
  const texts = useKitTexts();
  const format = useFormat();
  const { language } = useLocale();
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const header = useRef<HTMLDivElement>(null);
  const [sorting, setSorting] = useState<SortingState>([]);
  const [activeKey, setActiveKey] = useState<string | number>();
  const shown = useRowOrder({ columns, rows, rowKey, sorting, language });
  const rowHeight = useRowHeight(header);
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan,
    scrollPaddingStart: rowHeight,
    useFlushSync: false,
  });
  const activeIndex = activeKey === undefined ? -1 : shown.findIndex((row) => rowKey(row) === activeKey);

  // The rows must not be rendered again because of the function.
  const present = useRef({ shown, onRowAction, rowKey });
  present.current = { shown, onRowAction, rowKey };
  const press = useCallback((index: number) => {
    const { shown, onRowAction, rowKey } = present.current;
    const row = shown[index];
    if (row === undefined) return;
    setActiveKey(rowKey(row));
    onRowAction?.(row);
  }, []);

  const onKeyDown = (event: KeyboardEvent): void => {
    // Keys of a button or field within a cell are its own.
    if (event.target !== event.currentTarget) return;
    if (event.key === "Enter" && activeIndex >= 0) return press(activeIndex);
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 2);
    const next = nextRow(event.key, activeIndex, shown.length, page);
    const row = next === undefined ? undefined : shown[next];
    if (next === undefined || row === undefined) return;
    event.preventDefault();
    setActiveKey(rowKey(row));
    virtualizer.scrollToIndex(next);
  };

  const grid: CSSProperties & Record<`--${string}`, string> = {
    blockSize: height,
    "--peek-columns": columns.map(({ width = "minmax(6rem, 1fr)" }) => width).join(" "),
  };
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={shown.length + 1}
      aria-colcount={columns.length}
      {...(activeIndex >= 0 && { "aria-activedescendant": `${id}-${activeIndex}` })}
      className="peek-data-table"
      data-live={isLive}
      style={grid}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <DataTableHeader ref={header} columns={columns} sorting={sorting} onSort={setSorting} />
      <div role="rowgroup" className="peek-data-rows" style={{ blockSize: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index }) => {
          const row = shown[index];
          if (row === undefined) return null;
          return (
            <DataRow
              key={rowKey(row)}
              row={row}
              rowId={`${id}-${index}`}
              index={index}
              top={index * rowHeight}
              isActive={index === activeIndex}
              columns={columns}
              format={format}
              onPress={press}
            />
          );
        })}
      </div>
      {shown.length === 0 && <div className="peek-data-empty">{empty ?? texts.noRows}</div>}
    </div>
  );
}
