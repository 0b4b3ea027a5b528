// @boundaries-ignore the package that boots services stands on this one, so that it cannot be a dependency
export { openTestDatabase, type TestDatabase } from "../../testing/src/index.ts";
// @boundaries-ignore tasks know no storage; a test ends its server
export { EmbeddedServer } from "../../storage/src/index.ts";
// @boundaries-ignore tasks know no storage; a test sets the clock of its server
export { MachineServer, noMachineClock } from "../../storage/test/embedded/MachineServer.ts";
export { TestTaskDatabase } from "./TestTaskDatabase.ts";
