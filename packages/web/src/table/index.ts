export type TableOf = undefined;
