export { member, connected } from "./bus/BusHarness.ts";
export { type RecordingLog, recordingLog } from "./bus/recordingLog.ts";
export { openNatsBus } from "./bus/openNatsBus.ts";
export { NatsServer } from "./nats/NatsServer.ts";
export { RawExchangeClient } from "./ws/RawExchangeClient.ts";
export { SlowReader } from "./ws/SlowReader.ts";
export { sendRawBytes } from "./ws/rawConnections.ts";
export { nonEphemeralPort } from "./ws/nonEphemeralPort.ts";
