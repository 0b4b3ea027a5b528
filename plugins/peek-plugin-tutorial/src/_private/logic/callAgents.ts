import type { Logger } from "@peek/plugin-base";
import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import { RpcForLogic } from "../contracts/RpcForLogic.ts";

/** Calls each agent that connects, once. */
export async function callAgents({ vortex, signal }: PeekLogicPlatformHook, logger: Logger): Promise<void> {
  for await (const { kind, peer } of vortex.presence.changes({ service: "agent", signal })) {
    if (kind !== "joined") continue;
    const agent = vortex.rpc.client(RpcForLogic, { to: peer, wait: true, signal });
    try {
      logger.info("The agent says that 7 + 9 = %d", await agent.addInts({ val1: 7 }));
    } catch (error) {
      logger.warning({ err: error }, "The agent did not add: %s", error);
    }
  }
}
