export { LogCapture, type WaitOptions } from "./LogCapture.ts";
export { startService, type StartServiceOptions, type TestService } from "./startService.ts";
export { openTestDatabase, type TestDatabase, type TestDatabaseOptions } from "./TestDatabase.ts";
