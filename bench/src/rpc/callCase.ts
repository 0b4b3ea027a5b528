import { Child } from "../Child.ts";
import type { Case, Sample } from "../Suite.ts";

/** Calls per second with 64 in flight, and the microseconds of a call that runs alone. */
export type CallMetric = "perSecond" | "p50" | "p99";

/** The duration of each of the two measurements. */
const sliceMs = 1000;

/** The argument of a process, passed as JSON. */
export type Argument = Readonly<Record<string, unknown>>;

/** A program with its argument. */
export interface Program {
  readonly script: string;
  readonly argument: Argument;
}

/** The programs of a case: the servers in the order of their start, and the client. */
export interface CallPrograms {
  readonly servers: readonly Program[];
  readonly client: Program;
}

/** Calls between separate processes. `held` keeps the other resources of the case until they have ended. */
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
    if (typeof value !== "number") throw new Error(`The client printed no ${name}: ${json}`);
    return value;
  };
  return { perSecond: read("perSecond"), p50: read("p50"), p99: read("p99") };
}
