import { randomUUID } from "node:crypto";
import { connect, type ConnectOptions, type PeekClient, type Store } from "@peek/client";
import { WebSocket as NodeSocket } from "ws";

/** A client of `connect`, with its own device, that counts the messages of the services. */
export class RecordingClient implements Disposable {
  readonly client: PeekClient;
  /** The number of messages of each kind; `s`: a snapshot, `d`: a delta, `u`: unchanged. */
  readonly kinds = new Map<string, number>();
  /** The URLs of its connections, in order; without the query, which names the device. */
  readonly urls: string[] = [];
  /** The number of received bytes. */
  bytes = 0;

  /** @param cookie Default: the cookie of a new anonymous device. */
  constructor(options: ConnectOptions, cookie = `peek_device=${randomUUID()}`) {
    this.client = connect({
      name: randomUUID(),
      storage: "memory",
      ...options,
      open: (url, protocol) => {
        // The origin of the service's own page: it is required with cookies.
        const origin = new URL(url).origin.replace("ws", "http");
        const socket = new NodeSocket(url, protocol, { headers: { cookie, origin }, rejectUnauthorized: false });
        this.urls.push(url.split("?", 1)[0] ?? "");
        socket.on("message", (data: Buffer | ArrayBuffer, isBinary) => {
          this.bytes += data.byteLength;
          // A large snapshot comes in gzip.
          this.#count(isBinary || !Buffer.isBuffer(data) ? "s" : kindOf(data.toString()));
        });
        // It has all members that the client uses.
        return socket as unknown as WebSocket;
      },
    });
  }

  /** The number of messages of a kind. */
  count(kind: string): number {
    return this.kinds.get(kind) ?? 0;
  }

  [Symbol.dispose](): void {
    this.client.close();
  }

  #count(kind: string): void {
    this.kinds.set(kind, this.count(kind) + 1);
  }
}

/** Waits until a store's value matches, and returns it. */
export async function valueOf<Value>(
  store: Store<Value>,
  isWanted: (value: Value) => boolean,
  timeoutMs = 60_000,
): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const look = (): void => {
    const value = store.getSnapshot();
    if (isWanted(value)) resolve(value);
  };
  const end = store.subscribe(look);
  const fail = (): void => reject(new Error(`Not within ${timeoutMs} ms; last: ${textOf(store.getSnapshot())}`));
  const timer = setTimeout(fail, timeoutMs);
  look();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    end();
  }
}

/** All values that a store takes from now on. */
export function historyOf<Value>(store: Store<Value>): readonly Value[] {
  const values: Value[] = [];
  store.subscribe(() => values.push(store.getSnapshot()));
  return values;
}

function kindOf(text: string): string {
  return /"t":"(\w+)"/.exec(text)?.[1] ?? "?";
}

function textOf(value: unknown): string {
  return (JSON.stringify(value) ?? "undefined").slice(0, 500);
}
