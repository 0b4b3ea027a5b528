import type { ServiceName } from "@peek/plugin-base";
import { WsBus } from "@peek/bus/ws";
import { member } from "@peek/bus/testing";
import { recordingLog } from "@peek/bus/testing";

/** What this is started with, as JSON. */
export interface ClientsArgument {
  readonly port: number;
  readonly service: ServiceName;
  readonly token: string;
  readonly count: number;
}

/** What it tells whenever one of them is connected or is not any more. */
export interface ClientsReport {
  /** How many are connected now. */
  readonly connected: number;
  /** How often one was connected, all in all. */
  readonly connections: number;
  /** The first one's. */
  readonly instance: string;
  /** What the first one has logged. */
  readonly lines: readonly string[];
  /** The largest number of lines that one has logged. */
  readonly mostLines: number;
}

// Many services in one process, each with a connection of its own, until its parent is gone.
const { port, service, token, count } = JSON.parse(process.argv[2] ?? "") as ClientsArgument;
process.on("disconnect", () => process.exit());
let connections = 0;
let isTelling = false;
const clients = Array.from({ length: count }, () => {
  const log = recordingLog();
  const options = { service, member: member(service), host: "127.0.0.1", port, secure: false, logger: log };
  const bus = new WsBus({ ...options, credentials: () => ({ token }) });
  bus.onState((state) => {
    if (state === "connected") connections += 1;
    tellSoon();
  });
  return { bus, log };
});

/** Once for all that happens in one turn. */
function tellSoon(): void {
  if (isTelling) return;
  isTelling = true;
  setImmediate(() => {
    isTelling = false;
    const [first] = clients;
    const report: ClientsReport = {
      connected: clients.filter(({ bus }) => bus.state === "connected").length,
      connections,
      instance: first?.bus.self.instance ?? "",
      lines: first?.log.lines ?? [],
      mostLines: Math.max(...clients.map(({ log }) => log.lines.length)),
    };
    process.send?.(report);
  });
}
