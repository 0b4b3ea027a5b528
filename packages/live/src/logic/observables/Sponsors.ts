import type { PeerIdentity } from "@peek/plugin-base";
import type { SessionCheck } from "@peek/plugin-base/internal";
import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";
import { SponsoredStream } from "./SponsoredStream.ts";

/** How often it is looked at whether sessions go on, in whose name channels are followed; milliseconds. */
const defaultCheckMs = 2000;

interface Sponsor {
  readonly proof: string;
  readonly from: PeerIdentity;
  readonly streams: Set<SponsoredStream>;
}

/** The sessions in whose name other services follow channels: what is followed ends with the session. */
export class Sponsors implements Disposable {
  readonly #check: SessionCheck;
  readonly #sponsors = new Map<string, Sponsor>();
  readonly #timer: NodeJS.Timeout;

  /** @param onCheck Called each time before the sessions are looked at. */
  constructor(check: SessionCheck, onCheck: () => void, checkMs: number = defaultCheckMs) {
    this.#check = check;
    this.#timer = setInterval(() => {
      onCheck();
      this.#look();
    }, checkMs);
    this.#timer.unref();
  }

  /**
   * Follows in the name of a session.
   *
   * @param begin Looks whether the session may; gives undefined when it may not.
   */
  follow(
    proof: string,
    from: PeerIdentity,
    begin: () => Promise<AsyncIterableIterator<ChannelUpdate, undefined> | undefined>,
  ): AsyncIterableIterator<ChannelUpdate, undefined> {
    const key = `${from.service}\n${proof}`;
    const sponsor = this.#sponsors.get(key) ?? { proof, from, streams: new Set() };
    this.#sponsors.set(key, sponsor);
    const stream = new SponsoredStream(begin, (ended) => {
      sponsor.streams.delete(ended);
      if (sponsor.streams.size === 0 && this.#sponsors.get(key) === sponsor) this.#sponsors.delete(key);
    });
    sponsor.streams.add(stream);
    return stream;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const { proof, from, streams } of this.#sponsors.values()) {
      if (this.#check(proof, from).ok) continue;
      for (const stream of streams) stream.lapse();
    }
  }
}
