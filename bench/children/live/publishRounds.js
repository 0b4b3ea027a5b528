import { tellMemory } from "../connections/tellMemory.js";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { listenReins } from "./Reins.js";
import { rounds } from "./rounds.js";

/**
 * What a process does that publishes and nothing else: it tells what it occupies with and without its subscribers, if it can, and
 * then what publishing costs.
 *
 * @param {(round: number) => void} publish To all; rounds count from 1.
 */
export async function publishRounds(publish) {
  const { count, reinsPort, ms } = readArgument();
  const reins = await listenReins(reinsPort);
  const tellsMemory = globalThis.gc !== undefined;
  if (tellsMemory) await tellMemory(0);
  ready(0);
  await reins.connected;
  if (tellsMemory) await tellMemory(count);
  await rounds({ publish, reins, count, ms });
}
