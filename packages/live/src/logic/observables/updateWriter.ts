import type { StateWriter } from "../../channel/ChannelState.ts";
import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";

/** Writes the state of a channel, and its changes, as updates to gateways. */
export const updateWriter: StateWriter<ChannelUpdate> = {
  snapshot: ({ epoch, offset }, rows) => ({ k: "snapshot", e: epoch, o: offset, rows }),
  delta: (from, to, fields) => ({ k: "delta", e: to.epoch, f: from.offset, o: to.offset, d: `{${fields}}` }),
  unchanged: ({ epoch, offset }) => ({ k: "unchanged", e: epoch, o: offset }),
};
