export { LogCapture, type WaitOptions } from "./LogCapture.ts";
export { startService, type StartServiceOptions, type TestService } from "./startService.ts";
