export { TestLog } from "./TestLog.ts";
export { temporaryFolder } from "./temporaryFolder.ts";
export { codeOf, until, fired, caught, collect } from "./until.ts";
