import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";
import type { StateWriter } from "../../channel/ChannelState.ts";

/** Writes what a channel says for other services. */
export const updateWriter: StateWriter<ChannelUpdate> = {
  snapshot: ({ epoch, offset }, rows) => ({ k: "snapshot", e: epoch, o: offset, rows }),
  delta: (from, to, fields) => ({ k: "delta", e: to.epoch, f: from.offset, o: to.offset, d: `{${fields}}` }),
  unchanged: ({ epoch, offset }) => ({ k: "unchanged", e: epoch, o: offset }),
};
