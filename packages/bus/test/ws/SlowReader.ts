import type { RawExchangeClient } from "./RawExchangeClient.ts";

/** Makes a client read with a limited bandwidth, and counts the received bytes. */
export class SlowReader implements Disposable {
  readonly #member: RawExchangeClient;
  readonly #bytesPerMs: number;
  readonly #waiting = new Set<() => void>();
  #isCut = false;
  #pause: NodeJS.Timeout | undefined;
  /** How many bytes of messages were received. */
  bytes = 0;
  /** The short messages, in order. */
  readonly shortTexts: string[] = [];

  constructor(member: RawExchangeClient, bytesPerSecond: number) {
    this.#member = member;
    this.#bytesPerMs = bytesPerSecond / 1000;
    member.socket.on("message", () => this.#onFrame());
    member.socket.on("close", () => {
      this.#isCut = true;
      for (const look of this.#waiting) look();
    });
  }

  /** Waits until a number of bytes was received. Fails when the connection ends before. */
  async until(bytes: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.bytes >= bytes) resolve();
      else if (this.#isCut) reject(new Error(`Cut after ${this.bytes} bytes, before ${bytes}`));
    };
    this.#waiting.add(look);
    look();
    try {
      await promise;
    } finally {
      this.#waiting.delete(look);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#pause);
  }

  #onFrame(): void {
    let length = 0;
    for (const line of this.#member.lines.splice(0)) {
      length += line.length;
      if (!line.startsWith("m")) continue;
      const text = line.slice(line.indexOf("\t") + 1);
      this.bytes += text.length;
      if (text.length <= 1024) this.shortTexts.push(text);
    }
    for (const look of this.#waiting) look();
    // A bus pings by itself: its answers to pings of the other side are late.
    this.#member.socket.ping();
    this.#member.socket.pause();
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#member.socket.resume(), length / this.#bytesPerMs);
  }
}
