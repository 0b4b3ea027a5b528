import type { PeerIdentity } from "@peek/plugin-base";
import type { SessionCheck } from "@peek/plugin-base/internal";
import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";
import { SessionStream } from "./SessionStream.ts";

/** How often the sessions are checked. */
const defaultCheckMs = 2000;

interface Session {
  readonly proof: string;
  readonly from: PeerIdentity;
  readonly streams: Set<SessionStream>;
}

/** The sessions on whose behalf gateways follow channels. Their streams end with them. */
export class SessionStreams implements Disposable {
  readonly #check: SessionCheck;
  readonly #sessions = new Map<string, Session>();
  readonly #timer: NodeJS.Timeout;

  /** @param onCheck Called before each check of all sessions. */
  constructor(check: SessionCheck, onCheck: () => void, checkMs: number = defaultCheckMs) {
    this.#check = check;
    this.#timer = setInterval(() => {
      onCheck();
      this.#checkAll();
    }, checkMs);
    this.#timer.unref();
  }

  /**
   * Opens a stream on behalf of a session.
   *
   * @param open Opens the updates; undefined when the session may not follow them.
   */
  open(
    proof: string,
    from: PeerIdentity,
    open: () => Promise<AsyncIterableIterator<ChannelUpdate, undefined> | undefined>,
  ): AsyncIterableIterator<ChannelUpdate, undefined> {
    const key = `${from.service}\n${proof}`;
    const session = this.#sessions.get(key) ?? { proof, from, streams: new Set() };
    this.#sessions.set(key, session);
    const stream = new SessionStream(open, (ended) => {
      session.streams.delete(ended);
      if (session.streams.size === 0 && this.#sessions.get(key) === session) this.#sessions.delete(key);
    });
    session.streams.add(stream);
    return stream;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #checkAll(): void {
    for (const { proof, from, streams } of this.#sessions.values()) {
      if (this.#check(proof, from).ok) continue;
      for (const stream of streams) stream.lapse();
    }
  }
}
