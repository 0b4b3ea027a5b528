import uPlot from "uplot";

/** The options of {@link LineChartView}. */
export interface LineChartViewOptions {
  readonly titles: readonly string[];
  readonly unit: string;
  /** In CSS pixels. */
  readonly height: number;
  readonly timeZone: string | undefined;
  readonly number: (value: number) => string;
  /** The title of the times. */
  readonly timeTitle: string;
  readonly dateTime: (date: Date) => string;
  /** A tick of the axis. @param stepMs The distance to the next one. */
  readonly tick: (date: Date, stepMs: number) => string;
}

type Data = uPlot.AlignedData;

/** A chart of uPlot: it follows the size of its element, and the colors of the theme. */
export class LineChartView implements Disposable {
  readonly #element: HTMLElement;
  readonly #options: LineChartViewOptions;
  readonly #data: () => Data;
  readonly #size: ResizeObserver;
  readonly #theme: MutationObserver;
  readonly #scheme = matchMedia("(prefers-color-scheme: dark)");
  readonly #draw = (): void => this.#create();
  #plot: uPlot | undefined;

  constructor(element: HTMLElement, options: LineChartViewOptions, data: () => Data) {
    this.#element = element;
    this.#options = options;
    this.#data = data;
    this.#create();
    this.#size = new ResizeObserver(() => this.#plot?.setSize({ width: element.clientWidth, height: options.height }));
    this.#size.observe(element);
    this.#theme = new MutationObserver(this.#draw);
    this.#theme.observe(document.documentElement, { attributeFilter: ["data-theme", "data-density"] });
    this.#scheme.addEventListener("change", this.#draw);
  }

  setData(data: Data): void {
    this.#plot?.setData(data);
  }

  [Symbol.dispose](): void {
    this.#size.disconnect();
    this.#theme.disconnect();
    this.#scheme.removeEventListener("change", this.#draw);
    this.#plot?.destroy();
  }

  #create(): void {
    this.#plot?.destroy();
    const { titles, unit, height, timeZone, number, timeTitle, dateTime, tick } = this.#options;
    const color = colorsOf(this.#element);
    const axis = {
      stroke: color("--peek-text-muted"),
      grid: { stroke: color("--peek-line"), width: 1 },
      ticks: { show: false },
    };
    const value = (_plot: uPlot, raw: number | null): string => (raw === null ? "–" : `${number(raw)} ${unit}`);
    const options: uPlot.Options = {
      width: this.#element.clientWidth,
      height,
      ...(timeZone !== undefined && { tzDate: (seconds: number) => uPlot.tzDate(dateOf(seconds), timeZone) }),
      axes: [
        {
          ...axis,
          values: (_plot, times, _axis, _space, step) => times.map((time) => tick(dateOf(time), step * 1000)),
        },
        { ...axis, values: (_plot, values) => values.map((each) => number(each)) },
      ],
      series: [
        { label: timeTitle, value: (_plot, time: number | null) => (time === null ? "–" : dateTime(dateOf(time))) },
        ...titles.map((label, index) => ({
          label,
          stroke: color(`--peek-series-${(index % 6) + 1}`),
          width: 2,
          points: { show: false },
          value,
        })),
      ],
    };
    this.#plot = new uPlot(options, this.#data(), this.#element);
  }
}

function dateOf(seconds: number): Date {
  return new Date(seconds * 1000);
}

/** Reads tokens as colors that a canvas understands: a canvas knows neither variables nor light-dark(). */
function colorsOf(element: HTMLElement): (token: string) => string {
  return (token) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${token})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}
