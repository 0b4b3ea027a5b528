export { maxDeadlineMs } from "./rpc/frames.ts";
export { type CaptureContext, captureContext, type ContextRunner } from "./rpc/handlerContext.ts";
export { PluginScopes } from "./scope/PluginScopes.ts";
export { Vortex, type VortexOptions } from "./scope/Vortex.ts";
export type { VortexStatistics } from "./scope/VortexStatistics.ts";
