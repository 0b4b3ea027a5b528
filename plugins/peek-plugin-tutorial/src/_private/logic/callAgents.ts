import type { Logger, Peer } from "@peek/plugin-base";
import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import { RpcForLogic } from "../contracts/RpcForLogic.ts";

/** Calls each agent once when it connects. The calls do not wait for each other. */
export async function callAgents(platform: PeekLogicPlatformHook, logger: Logger): Promise<void> {
  const calls = new Set<Promise<void>>();
  for await (const { kind, peer } of platform.vortex.presence.changes({ service: "agent", signal: platform.signal })) {
    if (kind !== "joined") continue;
    const call = callAgent(peer, platform, logger).finally(() => calls.delete(call));
    calls.add(call);
  }
  await Promise.all(calls);
}

async function callAgent(peer: Peer, { vortex, signal }: PeekLogicPlatformHook, logger: Logger): Promise<void> {
  const agent = vortex.rpc.client(RpcForLogic, { to: peer, wait: true, signal });
  try {
    logger.info("The agent says that 7 + 9 = %d", await agent.addInts({ val1: 7 }));
  } catch (error) {
    logger.warning({ err: error }, "A call to an agent failed: %s", error);
  }
}
