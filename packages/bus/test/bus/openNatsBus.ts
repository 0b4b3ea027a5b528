import type { PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import type { BusMember } from "../../src/Bus.ts";
import { NatsBus, type NatsConfig } from "../../src/nats/index.ts";
import { natsPassword, type NatsServer } from "../nats/NatsServer.ts";
import { member } from "./BusHarness.ts";
import { BusRecorder } from "./BusRecorder.ts";
import { type RecordingLog, recordingLog } from "./recordingLog.ts";

/** A bus, with its recorded events and log. */
export interface OpenNatsBus extends AsyncDisposable {
  readonly bus: NatsBus;
  readonly recorder: BusRecorder;
  readonly log: RecordingLog;
  /** Settles with the error that closes the bus. */
  readonly fatal: Promise<PeekError>;
}

/** The options of a bus in tests. */
export interface OpenNatsBusOptions {
  readonly member?: BusMember;
  readonly heartbeatMs?: number;
  readonly attemptMs?: number;
  readonly config?: Partial<NatsConfig>;
}

/** Opens a bus to a server or a cluster. */
export function openNatsBus(
  server: NatsServer | readonly NatsServer[],
  service: ServiceName,
  options: OpenNatsBusOptions = {},
): OpenNatsBus {
  const { heartbeatMs = 300, attemptMs = 5000, config } = options;
  const servers = ("url" in server ? [server] : server).map(({ url }) => url);
  const fatal = Promise.withResolvers<PeekError>();
  const log = recordingLog();
  const bus = NatsBus.open({
    service,
    member: options.member ?? member(service),
    config: { servers, password: natsPassword(service), ...config },
    heartbeatMs,
    attemptMs,
    logger: log,
    onFatal: fatal.resolve,
  });
  return {
    bus,
    recorder: new BusRecorder(bus),
    log,
    fatal: fatal.promise,
    [Symbol.asyncDispose]: async () => await bus[Symbol.asyncDispose](),
  };
}
