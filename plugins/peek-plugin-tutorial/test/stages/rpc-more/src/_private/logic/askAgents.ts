import type { Logger } from "@peek/plugin-base";
import { isRejection } from "@peek/plugin-base/contracts";
import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import { RpcForLogic } from "../contracts/RpcForLogic.ts";

/** Requests a too large sum of one agent, and then a sum of all agents. */
export async function askAgents({ vortex, signal }: PeekLogicPlatformHook, logger: Logger): Promise<void> {
  const agent = vortex.rpc.client(RpcForLogic, { to: "agent", wait: true, signal });
  try {
    await agent.addInts({ val1: 999_999, kwval1: 2 });
  } catch (error) {
    if (!isRejection(RpcForLogic.procedures.addInts, error, "tooLarge")) throw error;
    logger.info("An agent adds up to %d", error.data.largest);
  }
  const agents = vortex.rpc.clientOfAll(RpcForLogic, { to: "agent", signal });
  for (const answer of await agents.addInts({ val1: 1 })) {
    if (answer.status === "fulfilled") logger.info("%s says that 1 + 9 = %d", answer.from.service, answer.value);
    else logger.warning("%s did not add: %s", answer.from.instance, answer.reason);
  }
}
