import { PeekError } from "@peek/errors";
import type { ClientBase } from "pg";
import type { ConnectionPool } from "../access/ConnectionPool.ts";
import { type ConnectionTarget, nameOf } from "./ConnectionTarget.ts";

/** How long a server may be silent while a database is opened. */
export interface AnsweringOptions {
  readonly target: ConnectionTarget;
  /** Milliseconds. */
  readonly silenceMs: number;
  /** Gives it up. */
  readonly signal: AbortSignal;
}

/**
 * Does work on a connection of a pool whose statements have no time limit. When the server says nothing for too long,
 * or the work is given up, the connection is cut.
 *
 * @param work Is told how to let the server be silent for another time from then on.
 * @throws PeekError `STORAGE_UNAVAILABLE` when it was cut; and what the work throws.
 */
export async function whileAnswering<T>(
  pool: ConnectionPool,
  { target, silenceMs, signal }: AnsweringOptions,
  work: (client: ClientBase, allow: (silenceMs: number) => void) => Promise<T>,
): Promise<T> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const fail = (why: string): void => reject(new PeekError("STORAGE_UNAVAILABLE", why));
  const onAbort = (): void => fail(`Opening the database ${nameOf(target)} was given up.`);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const working = pool.use(async (lent) => {
    const { stream } = lent.client.connection;
    failed.catch((why: PeekError) => {
      lent.giveUp(why);
      stream.destroy();
    });
    let timer: NodeJS.Timeout | undefined;
    const allow = (ms: number): void => {
      clearTimeout(timer);
      const why = `The database ${nameOf(target)} accepts connections, but has not answered for ${ms / 1000} s.`;
      timer = setTimeout(() => fail(why), ms);
    };
    const onAnswer = (): void => void timer?.refresh();
    stream.on("data", onAnswer);
    allow(silenceMs);
    try {
      return await work(lent.client, allow);
    } finally {
      clearTimeout(timer);
      stream.off("data", onAnswer);
    }
  });
  try {
    return await Promise.race([failed, working]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
