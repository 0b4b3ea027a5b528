import type { ServerMessage } from "@peek/live-protocol";
import type { ChannelMessage } from "./ChannelSource.ts";
import type { StateWriter } from "../../channel/ChannelState.ts";

/** The fields of a message about a channel that need no encoding of their own; the others follow. */
type Head = Pick<ServerMessage & { readonly c: number }, "t" | "c"> & {
  readonly e: string;
  readonly fe?: string;
  readonly f?: number;
  readonly o: number;
};

/**
 * Writes what a channel says for browsers: `ServerMessage`s.
 *
 * @param number The channel's.
 */
export function messageWriter(number: number): StateWriter<ChannelMessage> {
  const message = (to: ChannelMessage["to"], head: Head, rest: string): ChannelMessage => {
    const text = JSON.stringify(head);
    return { text: rest === "" ? text : `${text.slice(0, -1)},${rest}}`, to };
  };
  return {
    snapshot: (to, rows) => message(to, { t: "s", c: number, e: to.epoch, o: to.offset }, `"rows":${rows}`),
    delta: (from, to, fields) => {
      const isOther = from.epoch !== to.epoch;
      const epochs = isOther ? { e: to.epoch, fe: from.epoch } : { e: to.epoch };
      return message(to, { t: "d", c: number, ...epochs, f: from.offset, o: to.offset }, fields);
    },
    unchanged: (to) => message(to, { t: "u", c: number, e: to.epoch, o: to.offset }, ""),
  };
}
