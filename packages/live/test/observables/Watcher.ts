import { applyChanges, digestOf, readDelta, tupleKey, type Position, type ServerMessage } from "@peek/live-protocol";
import type { ChannelMessage } from "../../src/gateway/channels/ChannelMessage.ts";
import type { ChannelSubscriber, GatewayChannel } from "../../src/gateway/channels/GatewayChannel.ts";

/** Watches a channel as a browser does: it has the tuples that it was sent, and nothing else. */
export class Watcher implements ChannelSubscriber, Disposable {
  readonly channel: GatewayChannel;
  readonly session: { readonly proof: string; readonly ended: AbortSignal };
  /** All messages that it was sent. */
  readonly messages: ServerMessage[] = [];
  /** The same, as texts. */
  readonly texts: string[] = [];
  /** Whether the channel was live, each time when something else than the tuples has changed. */
  readonly states: boolean[] = [];
  at: Position | undefined;
  rows = new Map<string, unknown>();

  constructor(channel: GatewayChannel, proof: string) {
    this.channel = channel;
    this.session = { proof, ended: new AbortController().signal };
    channel.subscribe(this);
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

  onMessage(from: Position, message: ChannelMessage): void {
    if (this.at?.epoch === from.epoch && this.at.offset === from.offset) this.#take(message.text);
    else this.catchUp();
  }

  onStatus(): void {
    this.states.push(this.channel.isLive);
    if (this.at === undefined) this.catchUp();
  }

  onLive(): void {
    // The next status or message says the same.
  }

  onRestart(): void {
    this.at = undefined;
  }

  readmit(): void {
    // It was admitted by nobody.
  }

  refuse(): void {
    // It stays.
  }

  catchUp(): void {
    for (const { text } of this.channel.catchUp(this.at)) this.#take(text);
  }

  [Symbol.dispose](): void {
    this.channel.unsubscribe(this);
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
