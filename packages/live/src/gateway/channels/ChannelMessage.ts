import type { Position, ServerMessage } from "@peek/live-protocol";
import type { StateWriter } from "../../channel/ChannelState.ts";
import { SharedFrame } from "../frames/SharedFrame.ts";

/** A message to browsers about a channel: one object, and one encoded frame, for all browsers that receive it. */
export class ChannelMessage {
  /** A `ServerMessage` as JSON. */
  readonly text: string;
  /** The position of a browser that has applied it. */
  readonly to: Position;
  #frame: SharedFrame | undefined;

  constructor(text: string, to: Position) {
    this.text = text;
    this.to = to;
  }

  get frame(): SharedFrame {
    return (this.#frame ??= new SharedFrame(this.text));
  }
}

/** The fields of a message that are small and known; the encoded tuples follow them. */
type Head = Pick<ServerMessage & { readonly c: number }, "t" | "c"> & {
  readonly e: string;
  readonly fe?: string;
  readonly f?: number;
  readonly o: number;
};

/**
 * Writes the state of a channel, and its changes, as messages to browsers.
 *
 * @param channel The channel's number.
 */
export function messageWriter(channel: number): StateWriter<ChannelMessage> {
  const message = (to: Position, head: Head, rest: string): ChannelMessage => {
    const text = JSON.stringify(head);
    return new ChannelMessage(rest === "" ? text : `${text.slice(0, -1)},${rest}}`, to);
  };
  return {
    snapshot: (to, rows) => message(to, { t: "s", c: channel, e: to.epoch, o: to.offset }, `"rows":${rows}`),
    delta: (from, to, fields) => {
      const epochs = from.epoch === to.epoch ? { e: to.epoch } : { e: to.epoch, fe: from.epoch };
      return message(to, { t: "d", c: channel, ...epochs, f: from.offset, o: to.offset }, fields);
    },
    unchanged: (to) => message(to, { t: "u", c: channel, e: to.epoch, o: to.offset }, ""),
  };
}
