import { Backoff, CancellableDelay, type Semaphore } from "@peek/kit";
import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";

/** Uses a {@link LogicStream}. */
export interface LogicStreamOwner {
  /**
   * The proof of a session that may follow the channel; undefined when there is none.
   *
   * @param except The proof of a session that logic has refused: another is preferred.
   */
  sessionProof(except: string | undefined): string | undefined;
  /** Opens the stream of updates, on behalf of a session. */
  open(proof: string, signal: AbortSignal): AsyncIterable<ChannelUpdate>;
  /** Takes an update. Returns whether the stream goes on. */
  onUpdate(update: ChannelUpdate): boolean;
  /** Logic has refused the sessions of two browsers, one after the other. */
  onRefused(): void;
  /** The stream has ended. `reopens`: it is opened again at once, on behalf of another session. */
  onEnd(reopens: boolean): void;
  /** The stream has failed; it is opened again later. */
  onError(error: unknown): void;
}

/** The longest wait before the stream is opened again. */
const maxBackoffMs = 5000;

/** The stream by which logic sends the updates of one channel. It is opened again, until it is disposed. */
export class LogicStream implements AsyncDisposable {
  readonly #owner: LogicStreamOwner;
  readonly #opening: Semaphore;
  readonly #closing = new AbortController();
  readonly #backoff = new Backoff({ maxMs: maxBackoffMs });
  readonly #delay = new CancellableDelay();
  readonly #running: Promise<void>;
  /** Of the session on whose behalf the channel is followed, or was last. */
  #proof: string | undefined;
  /** How many times a session was refused since the channel was live. */
  #refusals = 0;

  /** @param opening Limits how many streams are being opened at a time. */
  constructor(owner: LogicStreamOwner, opening: Semaphore) {
    this.#owner = owner;
    this.#opening = opening;
    this.#running = this.#run();
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** The channel is live: what failed before does not count any more. */
  succeeded(): void {
    this.#refusals = 0;
    this.#backoff.reset();
  }

  /** Opens the stream now, if it waits to be opened again. */
  retry(): void {
    this.#delay.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#delay.end();
    await this.#running;
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        while (!signal.aborted && (await this.#open()));
      } catch (error) {
        if (!signal.aborted) this.#owner.onError(error);
      }
      if (signal.aborted) return;
      await this.#delay.wait(this.#backoff.next());
    }
  }

  /** Opens the stream when it may, and reads it to its end. Returns whether it is to be opened again at once. */
  async #open(): Promise<boolean> {
    const opened = Promise.withResolvers<void>();
    const { reading } = await this.#opening.run(async () => {
      const reading = this.#read(opened.resolve);
      await Promise.race([opened.promise, reading]);
      return { reading };
    }, this.#closing.signal);
    return await reading;
  }

  /** Reads the stream to its end. Returns whether it is to be opened again at once. */
  async #read(onOpened: () => void): Promise<boolean> {
    const proof = this.#owner.sessionProof(this.#refusals === 0 ? undefined : this.#proof) ?? this.#proof;
    if (proof === undefined) return false;
    this.#proof = proof;
    let reopens = false;
    try {
      for await (const update of this.#owner.open(proof, this.#closing.signal)) {
        onOpened();
        if (update.k === "lapsed") {
          reopens = this.#refused();
          break;
        }
        if (!this.#owner.onUpdate(update)) break;
      }
    } finally {
      this.#owner.onEnd(reopens);
    }
    return reopens;
  }

  /** Returns whether it is worth asking on behalf of another session. */
  #refused(): boolean {
    this.#refusals += 1;
    if (this.#refusals === 1) return true;
    this.#owner.onRefused();
    return false;
  }
}
