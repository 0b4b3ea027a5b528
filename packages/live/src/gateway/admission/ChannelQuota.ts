import type { RateLimiter } from "../../limits/RateLimiter.ts";
import type { Rate, TokenBucket } from "../../limits/TokenBucket.ts";

/**
 * The rate at which a user may subscribe to channels that no other browser watches: logic opens each of them, and keeps it for a while after the last
 * browser has left.
 */
export const newChannelRate: Rate = { perSecond: 100, burst: 2000 };

/** The token that one subscription takes of its user's bucket: one, however often it is asked for. */
export class ChannelQuota {
  readonly #bucket: TokenBucket;
  #isTaken: boolean;

  /** @param isTaken Whether the subscription was admitted before, and needs no token. */
  constructor(limiter: RateLimiter, userId: string, isTaken: boolean) {
    this.#bucket = limiter.bucketOf(userId);
    this.#isTaken = isTaken;
  }

  /** Takes the token, if there is one. Returns whether it is taken, now or before. */
  tryTake(): boolean {
    this.#isTaken ||= this.#bucket.tryTake();
    return this.#isTaken;
  }

  /**
   * Takes the token as soon as there is one.
   *
   * @throws The signal's reason.
   */
  async take(signal: AbortSignal): Promise<void> {
    if (this.#isTaken) return;
    await this.#bucket.take(signal);
    this.#isTaken = true;
  }
}
