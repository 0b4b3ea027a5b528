import { setImmediate } from "node:timers/promises";
import type { ServiceName } from "@peek/plugin-base";
import { Caller } from "./Caller.ts";

/** The argument of the process, as JSON. */
export interface LongRunArgument {
  readonly port: number;
  readonly tokens: Readonly<Record<"agent" | "worker", string>>;
  readonly calls: number;
}

/** A report of the process. */
export interface LongRunReport {
  /** Bytes, after a garbage collection. */
  readonly heapUsed: number;
  /** The resources that keep the process running, sorted. */
  readonly resources: readonly string[];
  readonly answered: number;
  readonly givenUp: number;
  readonly connections: number;
}

// Makes calls, aborts and connections, as many as in hours of operation. Reports before, in the middle, and after.
const { port, tokens, calls } = JSON.parse(process.argv[2] ?? "") as LongRunArgument;
const callsEach = 1000;
const inFlight = 50;
let answered = 0;
let givenUp = 0;
let connections = 0;

await run(calls / 10, 0);
await tell();
await run(calls, calls);
await tell();
process.disconnect();

/** Two callers alternate, so that one is always connected while the other reconnects. */
async function run(count: number, start: number): Promise<void> {
  for (let done = 0; done < count; done += callsEach) {
    await Promise.all([some("agent", start + done), some("worker", start + done + callsEach / 2)]);
  }
}

async function some(service: ServiceName & keyof typeof tokens, start: number): Promise<void> {
  const caller = await Caller.connect(port, service, tokens[service]);
  connections += 1;
  for (let n = 0; n < callsEach / 2; n += inFlight) {
    await Promise.all(Array.from({ length: inFlight }, (_, index) => one(caller, start + n + index)));
  }
  // The end of the connection cancels the last calls.
  const left = Array.from({ length: 5 }, () => caller.client.ping().catch(() => undefined));
  await caller[Symbol.asyncDispose]();
  await Promise.all(left);
}

async function one({ client }: Caller, n: number): Promise<void> {
  if (n % 20 === 0) {
    const controller = new AbortController();
    const call = client.echo(n, { signal: controller.signal });
    controller.abort();
    await call.catch(() => undefined);
    givenUp += 1;
    return;
  }
  if ((await client.add({ a: n, b: 1 })) !== n + 1) throw new Error("It was answered wrongly.");
  answered += 1;
}

async function tell(): Promise<void> {
  // Closed resources are gone after one or two iterations of the event loop.
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  globalThis.gc?.();
  const report: LongRunReport = {
    heapUsed: process.memoryUsage().heapUsed,
    resources: process.getActiveResourcesInfo().sort(),
    answered,
    givenUp,
    connections,
  };
  process.send?.(report);
}
