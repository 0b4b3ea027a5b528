import type { PeekError } from "@peek/errors";

/** A request for a connection. */
interface Request<Client> {
  /** Resolves the request with a connection that is being taken out of the pool for it. */
  readonly serve: (connecting: Promise<Client>) => void;
  readonly reject: (error: PeekError) => void;
}

/** The options of {@link AcquireQueue.request}. */
export interface AcquireRequestOptions<Client> {
  /** The connection that is being taken for this request already; undefined: the request is queued. */
  readonly connecting: Promise<Client> | undefined;
  readonly timeoutMs: number;
  /** Creates the error of a timeout, of a request that is queued or has a connection being made. */
  readonly timeoutError: (state: "queued" | "connecting") => PeekError;
  /** Takes back a connection that was made after its request had timed out. */
  readonly onUnused: (client: Client) => void;
}

/** The requests of a pool that wait for a connection: first come, first served, each with a timeout. */
export class AcquireQueue<Client> {
  /** All requests: queued ones, and those whose connection is being made. */
  readonly #requests = new Set<Request<Client>>();
  readonly #queued: Request<Client>[] = [];

  /** How many requests are queued. */
  get length(): number {
    return this.#queued.length;
  }

  /**
   * Waits for a connection.
   *
   * @throws The error of the timeout, that of {@link rejectAll}, or that by which the connection could not be made.
   */
  async request({ connecting, timeoutMs, timeoutError, onUnused }: AcquireRequestOptions<Client>): Promise<Client> {
    const { promise, resolve, reject } = Promise.withResolvers<Client>();
    let isSettled = false;
    const settle = (): boolean => {
      const isFirst = !isSettled;
      isSettled = true;
      clearTimeout(timer);
      return isFirst;
    };
    const handOver = async (connection: Promise<Client>): Promise<void> => {
      try {
        const client = await connection;
        if (settle()) resolve(client);
        else onUnused(client);
      } catch (error) {
        if (settle()) reject(error);
      }
    };
    const request: Request<Client> = {
      serve: (connection) => void handOver(connection),
      reject: (error) => {
        if (settle()) reject(error);
      },
    };
    const onTimeout = (): void => {
      const at = this.#queued.indexOf(request);
      if (at >= 0) this.#queued.splice(at, 1);
      request.reject(timeoutError(at >= 0 ? "queued" : "connecting"));
    };
    const timer = setTimeout(onTimeout, Math.max(0, timeoutMs));
    this.#requests.add(request);
    if (connecting === undefined) this.#queued.push(request);
    else request.serve(connecting);
    try {
      return await promise;
    } finally {
      this.#requests.delete(request);
    }
  }

  /** Serves queued requests in order, as long as `take` gives a connection. */
  serve(take: () => Promise<Client> | undefined): void {
    while (this.#queued.length > 0) {
      const connecting = take();
      if (connecting === undefined) return;
      this.#queued.shift()?.serve(connecting);
    }
  }

  /** Rejects every request, also those whose connection is being made. */
  rejectAll(error: () => PeekError): void {
    this.#queued.length = 0;
    for (const request of this.#requests) request.reject(error());
  }
}
