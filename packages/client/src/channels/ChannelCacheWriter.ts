import type { DeviceStorage } from "../storage/DeviceStorage.ts";
import type { Channel } from "./Channel.ts";

/** The shortest time between two writes. */
const writeIntervalMs = 1000;
/** A channel with more characters is not cached. */
const maxChars = 10_000_000;
/** The highest rate at which one channel is written, on average. */
const maxCharsPerMs = 1000;

/** Writes changed channels to the device's cache, some time after they have changed (write-behind). */
export class ChannelCacheWriter implements Disposable {
  readonly #device: DeviceStorage;
  readonly #changed = new Set<Channel<unknown>>();
  /** The earliest time of the next write, by channel. */
  readonly #notBefore = new WeakMap<Channel<unknown>, number>();
  #user: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(device: DeviceStorage) {
    this.#device = device;
  }

  /** The user to whom the channels belong; changes that were not written for the user before are dropped. */
  set user(user: string | undefined) {
    if (user === this.#user) return;
    this.#user = user;
    this.#changed.clear();
  }

  changed(channel: Channel<unknown>): void {
    if (!channel.isCached) return;
    this.#changed.add(channel);
    this.#timer ??= setTimeout(() => this.#write(false), writeIntervalMs);
  }

  /** Drops the changes of a channel that are not written. */
  forget(channel: Channel<unknown>): void {
    this.#changed.delete(channel);
  }

  /** Writes all changes now: the page may be gone soon. */
  flush(): void {
    this.#write(true);
  }

  [Symbol.dispose](): void {
    this.flush();
    clearTimeout(this.#timer);
    this.#changed.clear();
  }

  #write(isLast: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = performance.now();
    const due = [...this.#changed].filter((channel) => isLast || (this.#notBefore.get(channel) ?? 0) <= now);
    const contents = due.flatMap((channel) => {
      this.#changed.delete(channel);
      const content = channel.content;
      if (content === undefined || content.size > maxChars) return [];
      this.#notBefore.set(channel, now + content.size / maxCharsPerMs);
      return [content];
    });
    if (this.#user !== undefined && contents.length > 0) void this.#device.cacheChannels(this.#user, contents);
    if (this.#changed.size > 0) this.#timer = setTimeout(() => this.#write(false), writeIntervalMs);
  }
}
