export { copyDatabase, type CopyOptions, type CopyReport } from "./copyDatabase.ts";
export type { TableProgress } from "./copyTable.ts";
