import type { DeviceStorage } from "../storage/DeviceStorage.ts";
import type { Channel } from "./Channel.ts";

/** How often the device is written to at most; milliseconds. */
const writeMs = 1000;
/** A channel with more is not kept; characters. */
const maxSize = 10_000_000;
/** So many characters of a channel are written in a millisecond at most, on average. */
const sizePerMs = 1000;

/** Has the device keep what is watched, some time after it has changed. */
export class ChannelCacheWriter implements Disposable {
  readonly #device: DeviceStorage;
  /** The channels with news, and from when on they may be written. */
  readonly #changed = new Set<Channel<unknown>>();
  readonly #notBefore = new WeakMap<Channel<unknown>, number>();
  #user: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(device: DeviceStorage) {
    this.#device = device;
  }

  /** Whose they are from now on; what is not written yet is lost. */
  set user(user: string | undefined) {
    if (user === this.#user) return;
    this.#user = user;
    this.#changed.clear();
  }

  /** It has news. */
  touched(channel: Channel<unknown>): void {
    if (!channel.isKept) return;
    this.#changed.add(channel);
    this.#timer ??= setTimeout(() => this.#write(false), writeMs);
  }

  /** Nothing of it is written any more. */
  forget(channel: Channel<unknown>): void {
    this.#changed.delete(channel);
  }

  /** Writes all now: the page may be gone soon. */
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
      if (content === undefined || content.size > maxSize) return [];
      this.#notBefore.set(channel, now + content.size / sizePerMs);
      return [content];
    });
    if (this.#user !== undefined && contents.length > 0) void this.#device.cacheChannels(this.#user, contents);
    if (this.#changed.size > 0) this.#timer = setTimeout(() => this.#write(false), writeMs);
  }
}
