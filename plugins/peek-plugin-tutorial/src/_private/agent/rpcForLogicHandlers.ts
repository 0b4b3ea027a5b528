import type { RpcHandlers } from "@peek/plugin-base";
import { RpcRejection } from "@peek/plugin-base/contracts";
import type { RpcForLogic } from "../contracts/RpcForLogic.ts";

/** Larger sums are refused. */
const largest = 1_000_000;

/** The procedures of the agent that logic calls. */
export const rpcForLogicHandlers: RpcHandlers<typeof RpcForLogic.procedures> = {
  addInts: ({ val1, kwval1 }) => {
    const sum = val1 + kwval1;
    if (sum > largest) throw new RpcRejection("tooLarge", `${sum} is more than ${largest}`, { largest });
    return sum;
  },
};
