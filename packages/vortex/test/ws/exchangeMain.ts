import { serviceHome } from "@peek/config";
import { Exchange, MemoryBus } from "@peek/bus";
import { Vortex } from "@peek/vortex";
import { WsExchange } from "@peek/bus/ws";
import { ExchangeAuthenticator, TokenStore } from "@peek/bus/identity";
import { recordingLog, member } from "@peek/bus/testing";
import { pumps } from "../rpc/contracts.ts";
import { plugin } from "../rpc/TestService.ts";

/** The argument of the process, as JSON. */
export interface HubArgument {
  /** The folder with logic's home. */
  readonly base: string;
  readonly port: number;
  readonly heartbeatMs: number;
}

/** A request: the state, or the state after a garbage collection. */
export type HubQuestion = "look" | "collect";

/** The state of the process. */
export interface HubAnswer {
  /** Bytes. */
  readonly rss: number;
  /** Bytes. */
  readonly heapUsed: number;
  /** The memory outside the heap, such as queued data. Bytes. */
  readonly external: number;
  /** The lines of its log. */
  readonly lines: readonly string[];
  readonly connections: number;
  readonly members: number;
}

// The data exchange of logic in a separate process, until it is killed or its parent ends.
const { base, port, heartbeatMs } = JSON.parse(process.argv[2] ?? "") as HubArgument;
const log = recordingLog();
const tokens = new TokenStore(serviceHome("logic", { PEEK_HOME: base }));
const exchange = new Exchange();
const own = member("logic");
const bus = new MemoryBus(exchange, "logic", own);
const vortex = new Vortex({ bus, member: own, logger: log });
const stack = new AsyncDisposableStack();
vortex
  .forPlugin(plugin, () => stack, log)
  .rpc.serve(
    pumps,
    {
      add: ({ a, b }) => a + b,
      echo: (input) => input,
      ping: () => undefined,
      start: () => undefined,
      count: () => [],
    },
    { concurrency: 1000, queueLimit: 10_000 },
  );
const logic = await WsExchange.listen({
  exchange,
  host: "127.0.0.1",
  port,
  authenticator: new ExchangeAuthenticator(tokens, false, log),
  heartbeatMs,
  logger: log,
  onFrame: () => bus.deliver(),
});
process.on("disconnect", () => process.exit());
process.on("message", (question: HubQuestion) => {
  if (question === "collect") globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  tell({ rss, heapUsed, external, lines: log.lines, connections: logic.connections, members: exchange.size });
});
tell({ rss: 0, heapUsed: 0, external: 0, lines: [], connections: 0, members: exchange.size });

function tell(answer: HubAnswer): void {
  process.send?.(answer);
}
