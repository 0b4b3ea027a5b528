export { maxDeadlineMs } from "./rpc/frames.ts";
export { Vortex, type VortexOptions } from "./Vortex.ts";
export type { VortexStatistics } from "./VortexStatistics.ts";
