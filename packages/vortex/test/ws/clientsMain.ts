import type { ServiceName } from "@peek/plugin-base";
import { WsBus } from "@peek/bus/ws";
import { member } from "@peek/bus/testing";
import { recordingLog } from "@peek/bus/testing";

/** The argument of the process, as JSON. */
export interface ClientsArgument {
  readonly port: number;
  readonly service: ServiceName;
  readonly token: string;
  readonly count: number;
}

/** The state of all clients, sent whenever one connects or disconnects. */
export interface ClientsReport {
  /** How many are connected now. */
  readonly connected: number;
  /** How many connections there were in total. */
  readonly connections: number;
  /** The instance name of the first client. */
  readonly instance: string;
  /** The log lines of the first client. */
  readonly lines: readonly string[];
  /** How often the same line appears in the log of one client, at most. */
  readonly mostRepetitions: number;
  /** How many lines the log of one client has that report the end of an outage, at most. */
  readonly mostReconnections: number;
}

// Many services in one process, each with its own connection. The process ends with its parent.
const { port, service, token, count } = JSON.parse(process.argv[2] ?? "") as ClientsArgument;
process.on("disconnect", () => process.exit());
let connections = 0;
let isScheduled = false;
const clients = Array.from({ length: count }, () => {
  const log = recordingLog();
  const options = { service, member: member(service), host: "127.0.0.1", port, secure: false, logger: log };
  const bus = new WsBus({ ...options, credentials: () => ({ token }) });
  bus.onState((state) => {
    if (state === "connected") connections += 1;
    reportSoon();
  });
  return { bus, log };
});

/** Sends one report for all events of an iteration of the event loop. */
function reportSoon(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(() => {
    isScheduled = false;
    const [first] = clients;
    const report: ClientsReport = {
      connected: clients.filter(({ bus }) => bus.state === "connected").length,
      connections,
      instance: first?.bus.self.instance ?? "",
      lines: first?.log.lines ?? [],
      mostRepetitions: Math.max(...clients.map(({ log }) => repetitionsIn(log.lines))),
      mostReconnections: Math.max(
        ...clients.map(({ log }) => log.lines.filter((line) => line.startsWith("info Reconnected ")).length),
      ),
    };
    process.send?.(report);
  });
}

function repetitionsIn(lines: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}
