import { setTimeout as sleep } from "node:timers/promises";
import type { RpcHandlers } from "@peek/plugin-base";
import type { CountRpc } from "../contracts/CountRpc.ts";

/** Counts two hundred times a second. */
export const countHandlers: RpcHandlers<typeof CountRpc.procedures> = {
  async *countFrom(first, { signal }) {
    for (let number = first; ; number += 1) {
      yield number;
      await sleep(5, undefined, { signal });
    }
  },
};
