export type { Bus, BusMember, BusState } from "./Bus.ts";
export { Exchange } from "./Exchange.ts";
export { closed, disconnected, overloaded } from "./busErrors.ts";
export { makeInstanceName } from "./instanceName.ts";
export { MemoryBus } from "./memory/MemoryBus.ts";
export { maxMessageBytes } from "./messageLimits.ts";
