import type { Client } from "pg";

/** The connections of a pool that the server counts: `pg`'s pool forgets a connection before it is closed. */
export class OpenConnections {
  readonly #onClosed: () => void;
  /** Each resolves when its connection is closed. */
  readonly #closings = new Set<Promise<void>>();
  readonly #connecting = new Set<Client>();

  /** @param onClosed Called when a connection was closed. */
  constructor(onClosed: () => void) {
    this.#onClosed = onClosed;
  }

  get size(): number {
    return this.#closings.size;
  }

  /** Adds a connection that begins to connect. */
  add(client: Client): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closings.add(promise);
    this.#connecting.add(client);
    client.once("end", () => {
      this.#closings.delete(promise);
      this.#connecting.delete(client);
      resolve();
      this.#onClosed();
    });
  }

  /** @param client A connection that has connected. */
  connected(client: Client): void {
    this.#connecting.delete(client);
  }

  /** Aborts the connections that have not connected yet. */
  abortConnecting(): void {
    for (const client of this.#connecting) client.connection.stream.destroy();
  }

  /** Waits until all are closed. */
  async closed(): Promise<void> {
    await Promise.all(this.#closings);
  }
}
