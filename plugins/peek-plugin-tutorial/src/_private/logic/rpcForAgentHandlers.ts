import type { Logger, RpcHandlers } from "@peek/plugin-base";
import type { RpcForAgent } from "../contracts/RpcForAgent.ts";
import type { StringInts } from "./StringInts.ts";

/** The procedures of logic that the agent calls. */
export function rpcForAgentHandlers(
  stringInts: StringInts,
  logger: Logger,
): RpcHandlers<typeof RpcForAgent.procedures> {
  return {
    addInts: ({ val1, kwval1 }) => val1 + kwval1,
    updateStatus: (status, { from }) => logger.info("%s says: %s", from.service, status),
    addStringInt: ({ string1, int1 }) => stringInts.add(string1, int1),
  };
}
