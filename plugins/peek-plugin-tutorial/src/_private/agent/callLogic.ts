import type { Logger } from "@peek/plugin-base";
import type { PeekAgentPlatformHook } from "@peek/plugin-base/agent";
import { RpcForAgent } from "../contracts/RpcForAgent.ts";

/** Calls logic each time that it connects: at the start, and after it was away. */
export async function callLogic({ vortex, signal }: PeekAgentPlatformHook, logger: Logger): Promise<void> {
  const logic = vortex.rpc.client(RpcForAgent, { to: "logic", wait: true, signal });
  for await (const { kind } of vortex.presence.changes({ service: "logic", signal })) {
    if (kind !== "joined") continue;
    try {
      await logic.updateStatus("The agent is connected");
      logger.info("Logic says that 1 + 2 = %d", await logic.addInts({ val1: 1, kwval1: 2 }));
      const { id, string1 } = await logic.addStringInt({ string1: "from the agent", int1: 50 });
      logger.info("Logic stored %o as row %d", string1, id);
    } catch (error) {
      logger.warning({ err: error }, "A call to logic failed: %s", error);
    }
  }
}
