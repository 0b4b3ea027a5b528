import type { FollowedChannel } from "../../src/gateway/proxy/ChannelSource.ts";
import { applyChanges, digestOf, readDelta, tupleKey, type Position, type ServerMessage } from "@peek/live-protocol";

/** One who watches a channel, as a browser does: it has what it was sent, and nothing else. */
export class Watcher implements Disposable {
  readonly channel: FollowedChannel;
  /** What it was sent. */
  readonly messages: ServerMessage[] = [];
  /** The same, as texts. */
  readonly texts: string[] = [];
  /** How often something other than the tuples has changed. */
  notices = 0;
  at: Position | undefined;
  rows = new Map<string, unknown>();
  readonly #listening: Disposable;

  constructor(channel: FollowedChannel) {
    this.channel = channel;
    this.#listening = channel.onChange((change) => {
      if (change === undefined) {
        this.notices += 1;
        if (this.at === undefined) this.catchUp();
      } else if (this.at?.epoch === change.from.epoch && this.at.offset === change.from.offset) {
        this.#take(change.message.text);
      } else this.catchUp();
    });
    this.catchUp();
  }

  /** In order, as they are shown. */
  get tuples(): unknown[] {
    return [...this.rows.values()];
  }

  get digest(): string {
    return digestOf(this.tuples.map((tuple) => JSON.stringify(tuple)));
  }

  /** The kinds of messages that it was sent. */
  get kinds(): string {
    return this.messages.map(({ t }) => t).join("");
  }

  catchUp(): void {
    for (const { text } of this.channel.catchUp(this.at)) this.#take(text);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.channel[Symbol.dispose]();
  }

  #take(text: string): void {
    const message: ServerMessage = JSON.parse(text);
    this.texts.push(text);
    this.messages.push(message);
    const key = this.channel.key ?? [];
    switch (message.t) {
      case "s":
        this.rows = new Map(message.rows.map((tuple) => [tupleKey(tuple, key), tuple]));
        break;
      case "d":
        if (this.at?.epoch !== (message.fe ?? message.e) || this.at.offset !== message.f) {
          throw new Error(`At ${JSON.stringify(this.at)} came ${text}`);
        }
        applyChanges(
          this.rows,
          readDelta(message, key, (tuple) => tuple),
        );
        break;
      case "u":
        break;
      default:
        throw new Error(`Unexpected: ${text}`);
    }
    if (this.at?.epoch === message.e && message.o <= this.at.offset) throw new Error(`Back to ${message.o}`);
    this.at = { epoch: message.e, offset: message.o };
  }
}
