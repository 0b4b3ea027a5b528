import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { useFormat } from "../locale/useFormat.ts";
import { useLocale } from "../locale/LocaleProvider.ts";
import { useKitTexts } from "../locale/useKitTexts.ts";
import { LineChartView } from "./LineChartView.ts";
import { tickFormat } from "./tickFormat.ts";

/** A line of a {@link LineChart}. */
export interface LineSeries {
  readonly id: string;
  readonly title: string;
  /** The value at each time; null: there is none, and the line has a gap. */
  readonly values: readonly (number | null)[];
}

/** The props of {@link LineChart}. */
export interface LineChartProps {
  /** The subject of the chart, for screen readers. They read the last values too. */
  readonly label: string;
  /** In milliseconds since 1970, ascending. */
  readonly times: readonly number[];
  /** Up to six, so that their colors can be told apart. */
  readonly series: readonly LineSeries[];
  /** The unit of the values: "l/s". */
  readonly unit?: string;
  /** In CSS pixels. Default: 240. */
  readonly height?: number;
  /** Whether the values are current: old ones are marked. Default: true. */
  readonly isLive?: boolean;
}

/** A chart of values over time. */
export function LineChart(props: LineChartProps): ReactNode {
  const { label, times, series, unit = "", height = 240, isLive = true } = props;
  const { language, timeZone, hourCycle } = useLocale();
  const { time: timeTitle } = useKitTexts();
  const format = useFormat();
  const element = useRef<HTMLDivElement>(null);
  const view = useRef<LineChartView>(undefined);
  const titles = JSON.stringify(series.map(({ title }) => title));
  const data = useMemo(
    (): [number[], ...(number | null)[][]] => [
      times.map((time) => time / 1000),
      ...series.map(({ values }) => [...values]),
    ],
    [times, series],
  );
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    if (element.current === null) return undefined;
    const names: readonly string[] = JSON.parse(titles);
    const { number, dateTime } = format;
    const tick = tickFormat(language, timeZone, hourCycle);
    const options = { titles: names, unit, height, timeZone, number, timeTitle, dateTime, tick };
    const chart = new LineChartView(element.current, options, () => latest.current);
    view.current = chart;
    return () => {
      chart[Symbol.dispose]();
      view.current = undefined;
    };
  }, [titles, unit, height, language, timeZone, hourCycle, timeTitle, format]);
  useEffect(() => view.current?.setData(data), [data]);

  const last = series.map(({ title, values }) => {
    const value = values.at(-1) ?? null;
    return `${title}: ${value === null ? "–" : `${format.number(value)} ${unit}`}`;
  });
  return (
    <figure className="peek-chart" data-live={isLive}>
      <div ref={element} role="img" aria-label={`${label}. ${last.join("; ")}`} />
    </figure>
  );
}
