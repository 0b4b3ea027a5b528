import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

/** The largest part that one packet carries, in bytes. */
const packetBytes = 1460;

/** The effects of a {@link SlowLink} on the traffic. */
export interface LinkQuality {
  /** The delay of each packet, each way, in milliseconds. */
  readonly delayMs: number;
  /** The percentage of packets that are lost, and arrive later. */
  readonly lossPercent: number;
  /** The rate towards the client for all connections together, in bytes per second. Default: no limit. */
  readonly bytesPerSecond?: number;
}

/** The addresses of a {@link SlowLink}. */
export interface LinkEnds {
  /** The address to listen on. */
  readonly listen: string;
  /** Default: the port of `to`. */
  readonly listenPort?: number;
  /** The address to connect to. */
  readonly to: string;
  /** The port of `to`. */
  readonly port: number;
}

/** Forwards connections as a slow link does: packets are delayed, share a rate, and arrive later when they were lost. */
export class SlowLink implements AsyncDisposable {
  /** The first lines of the requests of HTTP, in order: `GET /`. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #quality: LinkQuality;
  readonly #sockets = new Set<Socket>();
  /** When the link towards the client has sent what it was given. */
  #freeAt = 0;
  #bytesDown = 0;

  private constructor(server: Server, ends: LinkEnds, quality: LinkQuality) {
    this.#server = server;
    this.#quality = quality;
    server.on("connection", (client) => this.#begin(client, connect({ host: ends.to, port: ends.port })));
  }

  static async open(ends: LinkEnds, quality: LinkQuality): Promise<SlowLink> {
    const server = createServer({ noDelay: true }).listen(ends.listenPort ?? ends.port, ends.listen);
    await once(server, "listening");
    return new SlowLink(server, ends, quality);
  }

  /** The bytes that were sent towards clients. */
  get bytesDown(): number {
    return this.#bytesDown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #begin(client: Socket, service: Socket): void {
    service.setNoDelay();
    for (const socket of [client, service]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => this.#sockets.delete(socket));
    }
    const { delayMs } = this.#quality;
    // The client waits a round trip for its connection.
    const opened = performance.now() + 2 * delayMs;
    this.#passOn(client, service, opened, (sentAt) => sentAt);
    this.#passOn(service, client, 0, (sentAt, bytes) => this.#sendDown(sentAt, bytes));
    client.on("data", (data) => {
      const request = /^[A-Z]+ \S+(?= HTTP\/)/.exec(data.toString("latin1"))?.[0];
      if (request !== undefined) this.requests.push(request);
    });
  }

  #passOn(from: Socket, into: Socket, opened: number, send: (sentAt: number, bytes: number) => number): void {
    const { delayMs, lossPercent } = this.#quality;
    let due = 0;
    let before = Promise.resolve();
    const later = (bytes: number, action: () => void): void => {
      const isLost = Math.random() * 100 < lossPercent;
      // The shortest time until a lost packet is sent again.
      const lossMs = isLost ? 3 * delayMs : 0;
      const sentAt = send(Math.max(opened, performance.now()), bytes);
      // In order: later packets wait too.
      due = Math.max(due, sentAt + delayMs + lossMs);
      const arrived = setTimeout(due - performance.now());
      before = Promise.all([before, arrived]).then(action);
    };
    from.on("data", (data: Buffer) => {
      for (let start = 0; start < data.length; start += packetBytes) {
        const packet = data.subarray(start, start + packetBytes);
        later(packet.length, () => void into.write(packet));
      }
    });
    from.on("close", () => later(0, () => into.destroy()));
  }

  /** @returns When the packet has been sent. */
  #sendDown(sentAt: number, bytes: number): number {
    const { bytesPerSecond = Infinity } = this.#quality;
    this.#bytesDown += bytes;
    this.#freeAt = Math.max(this.#freeAt, sentAt) + (bytes / bytesPerSecond) * 1000;
    return this.#freeAt;
  }
}
