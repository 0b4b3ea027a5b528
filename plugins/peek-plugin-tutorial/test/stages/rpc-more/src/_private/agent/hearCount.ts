import type { Logger } from "@peek/plugin-base";
import type { PeekAgentPlatformHook } from "@peek/plugin-base/agent";
import { CountRpc } from "../contracts/CountRpc.ts";

/** Reads the stream of logic up to three. */
export async function hearCount({ vortex, signal }: PeekAgentPlatformHook, logger: Logger): Promise<void> {
  const logic = vortex.rpc.client(CountRpc, { to: "logic", wait: true, signal });
  for await (const number of logic.countFrom(1)) {
    logger.info("Logic counts: %d", number);
    if (number === 3) break;
  }
  logger.info("That is enough");
}
