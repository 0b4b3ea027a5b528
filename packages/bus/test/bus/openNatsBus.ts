import type { PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import type { BusMember } from "../../src/Bus.ts";
import { NatsBus, type NatsConfig } from "../../src/nats/index.ts";
import { natsPassword, type NatsServer } from "../nats/NatsServer.ts";
import { member } from "./BusHarness.ts";
import { BusRecorder } from "./BusRecorder.ts";
import { type RecordingLog, recordingLog } from "./recordingLog.ts";

/** A bus of a test, and what it says. */
export interface OpenNatsBus extends AsyncDisposable {
  readonly bus: NatsBus;
  readonly ear: BusRecorder;
  readonly log: RecordingLog;
  /** Settles when it cannot go on. */
  readonly fatal: Promise<PeekError>;
}

/** How a bus of a test differs from others. */
export interface OpenNatsBusOptions {
  readonly member?: BusMember;
  readonly heartbeatMs?: number;
  readonly attemptMs?: number;
  readonly config?: Partial<NatsConfig>;
}

/** Begins to connect a bus to a server, or to a cluster. */
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
    ear: new BusRecorder(bus),
    log,
    fatal: fatal.promise,
    [Symbol.asyncDispose]: async () => await bus[Symbol.asyncDispose](),
  };
}
