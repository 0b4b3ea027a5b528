// @boundaries-ignore the package that boots services stands on this one, so that it cannot be a dependency
export { openTestDatabase, type TestDatabase } from "../../testing/src/index.ts";
