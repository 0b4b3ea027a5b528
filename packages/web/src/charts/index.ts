export type ChartOf = undefined;
