export { member, connected } from "./bus/BusHarness.ts";
export { type KeptLog, keptLog } from "./bus/keptLog.ts";
export { openNatsBus } from "./bus/openNatsBus.ts";
export { NatsServer } from "./nats/NatsServer.ts";
export { RawMember } from "./ws/RawMember.ts";
export { SlowReader } from "./ws/SlowReader.ts";
export { noise } from "./ws/knock.ts";
export { lowPort } from "./ws/lowPort.ts";
