import { Child } from "../Child.ts";
import type { Case, Sample } from "../Suite.ts";

/** What is measured of calls: so many per second with 64 in flight, and how long one takes that is alone; microseconds. */
export type CallMetric = "perSecond" | "p50" | "p99";

/** How long each of the two is measured; milliseconds. */
const sliceMs = 1000;

/** What a process is told, as JSON. */
export type Argument = Readonly<Record<string, unknown>>;

/** A program with what it is told. */
export interface Program {
  readonly script: string;
  readonly argument: Argument;
}

/** The programs of a case: the servers in the order in which they are started, and who calls. */
export interface CallPrograms {
  readonly servers: readonly Program[];
  readonly client: Program;
}

/** Calls between processes of their own. What else the case needs is held until they have ended. */
export function callCase(
  title: string,
  signal: AbortSignal,
  prepare: (held: AsyncDisposableStack) => Promise<CallPrograms>,
): Case<CallMetric> {
  return {
    title,
    run: async () => {
      await using held = new AsyncDisposableStack();
      const { servers, client } = await prepare(held);
      for (const { script, argument } of servers) {
        const server = held.use(new Child({ args: [script, JSON.stringify(argument)], signal }));
        await server.line(/^Ready in /);
      }
      const args = [client.script, JSON.stringify({ ...client.argument, ms: sliceMs })];
      const caller = held.use(new Child({ args, signal }));
      return readSample((await caller.line(/^Measured (.*)/)).match[1] ?? "");
    },
  };
}

function readSample(json: string): Sample<CallMetric> {
  const data: unknown = JSON.parse(json);
  const read = (name: CallMetric): number => {
    const value: unknown = typeof data === "object" && data !== null ? Reflect.get(data, name) : undefined;
    if (typeof value !== "number") throw new Error(`The client did not tell its ${name}, but ${json}`);
    return value;
  };
  return { perSecond: read("perSecond"), p50: read("p50"), p99: read("p99") };
}
