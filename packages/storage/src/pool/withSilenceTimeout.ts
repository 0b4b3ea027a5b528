import { PeekError } from "@peek/errors";
import type { ClientBase } from "pg";
import { type ConnectionTarget, describeTarget } from "../connection/ConnectionTarget.ts";
import type { ConnectionPool } from "./ConnectionPool.ts";

/** The options of {@link withSilenceTimeout}. */
export interface SilenceTimeoutOptions {
  readonly target: ConnectionTarget;
  /** The maximum time in which the server sends nothing. */
  readonly silenceMs: number;
  /** Aborts the work. */
  readonly signal: AbortSignal;
}

/**
 * Runs work on a pooled connection whose statements have no time limit. When the server sends nothing for too long, or
 * the signal aborts, the connection is destroyed.
 *
 * @param work Gets a function that changes `silenceMs` from then on.
 * @throws PeekError `STORAGE_UNAVAILABLE` after the timeout or the abort; the error of the work.
 */
export async function withSilenceTimeout<T>(
  pool: ConnectionPool,
  { target, silenceMs, signal }: SilenceTimeoutOptions,
  work: (client: ClientBase, setSilenceMs: (silenceMs: number) => void) => Promise<T>,
): Promise<T> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const fail = (message: string): void => reject(new PeekError("STORAGE_UNAVAILABLE", message));
  const onAbort = (): void => fail(`Opening the database ${describeTarget(target)} was aborted.`);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const working = pool.use(async (connection) => {
    const { stream } = connection.client.connection;
    failed.catch((reason: PeekError) => {
      connection.markClosed(reason);
      stream.destroy();
    });
    let timer: NodeJS.Timeout | undefined;
    const setSilenceMs = (ms: number): void => {
      clearTimeout(timer);
      const message = `The database ${describeTarget(target)} accepts connections, but has not answered for ${ms / 1000} s.`;
      timer = setTimeout(() => fail(message), ms);
    };
    const onData = (): void => void timer?.refresh();
    stream.on("data", onData);
    setSilenceMs(silenceMs);
    try {
      return await work(connection.client, setSilenceMs);
    } finally {
      clearTimeout(timer);
      stream.off("data", onData);
    }
  });
  try {
    return await Promise.race([failed, working]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
