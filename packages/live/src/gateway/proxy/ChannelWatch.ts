import type { Resume } from "@peek/live-protocol";
import type { ChannelMessage, FollowedChannel } from "./ChannelSource.ts";
import type { ChannelChange, ProxyChannel } from "./ProxyChannel.ts";

/** A channel, for one who watches it. */
export class ChannelWatch implements FollowedChannel {
  readonly #channel: ProxyChannel;
  readonly #onEnd: () => void;
  readonly #listening = new Set<Disposable>();
  #isOver = false;

  /** @param onEnd Called when it is disposed, once. */
  constructor(channel: ProxyChannel, onEnd: () => void) {
    this.#channel = channel;
    this.#onEnd = onEnd;
  }

  get number(): number {
    return this.#channel.number;
  }

  get key(): readonly string[] | undefined {
    return this.#channel.key;
  }

  get position(): FollowedChannel["position"] {
    return this.#channel.position;
  }

  get isLive(): boolean {
    return this.#channel.isLive;
  }

  get staleness(): FollowedChannel["staleness"] {
    return this.#channel.staleness;
  }

  get trouble(): FollowedChannel["trouble"] {
    return this.#channel.trouble;
  }

  catchUp(at: Resume | undefined): readonly ChannelMessage[] {
    return this.#channel.catchUp(at);
  }

  onChange(listener: (change: ChannelChange) => void): Disposable {
    const listening = this.#channel.onChange(listener);
    this.#listening.add(listening);
    return {
      [Symbol.dispose]: () => {
        this.#listening.delete(listening);
        listening[Symbol.dispose]();
      },
    };
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const listening of this.#listening) listening[Symbol.dispose]();
    this.#listening.clear();
    this.#onEnd();
  }
}
