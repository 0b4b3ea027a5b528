import type { Logger } from "@peek/plugin-base";
import type { PeekAgentPlatformHook } from "@peek/plugin-base/agent";
import { AddRpc } from "../contracts/AddRpc.ts";

/** Calls logic as soon as it is connected. */
export async function askLogic({ vortex, signal }: PeekAgentPlatformHook, logger: Logger): Promise<void> {
  const logic = vortex.rpc.client(AddRpc, { to: "logic", wait: true, signal });
  logger.info("Logic says that 1 + 2 = %d", await logic.addInts({ val1: 1, val2: 2 }));
}
