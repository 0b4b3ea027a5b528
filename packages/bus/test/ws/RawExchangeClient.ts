import { once } from "node:events";
import type { ServiceName } from "@peek/plugin-base";
import { makeInstanceName } from "@peek/bus";
import { WebSocket } from "ws";
import { exchangePath, protocol } from "../../src/ws/exchangeProtocol.ts";

/** A client of an exchange that sends arbitrary lines, and records the received ones. */
export class RawExchangeClient implements Disposable {
  readonly instance: string;
  readonly socket: WebSocket;
  readonly lines: string[] = [];
  /** Settles with the close code. */
  readonly closed: Promise<number>;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket, instance: string) {
    this.socket = socket;
    this.instance = instance;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.closed = promise;
    socket.on("message", (data) => {
      if (Buffer.isBuffer(data)) this.lines.push(...data.toString().split("\n"));
      for (const look of this.#waiting) look();
    });
    // The close event follows.
    socket.on("error", () => undefined);
    socket.on("close", (code) => {
      resolve(code);
      for (const look of this.#waiting) look();
    });
  }

  /**
   * Connects without a hello.
   *
   * @param ca The authority of the exchange's certificate, in PEM. Default: connects without TLS.
   */
  static async connect(port: number, service: ServiceName, token: string, ca?: string): Promise<RawExchangeClient> {
    const socket = new WebSocket(`${ca === undefined ? "ws" : "wss"}://127.0.0.1:${port}${exchangePath}`, protocol, {
      perMessageDeflate: false,
      ...(ca !== undefined && { ca }),
      headers: { authorization: `Bearer ${token}` },
    });
    const member = new RawExchangeClient(socket, makeInstanceName(service));
    await once(socket, "open");
    return member;
  }

  /** Connects with a hello. */
  static async join(port: number, service: ServiceName, token: string): Promise<RawExchangeClient> {
    const member = await RawExchangeClient.connect(port, service, token);
    member.send(member.hello());
    await member.line(/^W/);
    return member;
  }

  hello(said: Readonly<Record<string, unknown>> = {}): string {
    const own = { instance: this.instance, version: "1.2.3", since: "2025-01-02T03:04:05.678Z", observer: false };
    return `H${JSON.stringify({ ...own, serves: [], ...said })}`;
  }

  send(...frames: readonly (string | Uint8Array)[]): void {
    for (const frame of frames) if (this.socket.readyState === WebSocket.OPEN) this.socket.send(frame);
  }

  /** Waits for a line, received before or later. Fails when the connection ends before. */
  async line(pattern: RegExp): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const look = (): void => {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) resolve(found);
      else if (this.socket.readyState === WebSocket.CLOSED) reject(new Error(`Closed without ${String(pattern)}`));
    };
    this.#waiting.add(look);
    const late = setTimeout(() => reject(new Error(`No ${String(pattern)} within 30 s`)), 30_000);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      this.#waiting.delete(look);
    }
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}
