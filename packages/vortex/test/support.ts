export { MemoryHarness } from "./rpc/MemoryHarness.ts";
export type { JoinedBus } from "./rpc/RpcHarness.ts";
export { plugin } from "./rpc/TestService.ts";
