import { reportMemory } from "../connections/reportMemory.js";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { listenRoundControl } from "./roundControl.js";
import { rounds } from "./rounds.js";

/**
 * The program of a process that only publishes: it prints its memory with and without subscribers, if it can, and
 * then the cost of publishing.
 *
 * @param {(round: number) => void} publish Publishes to all; rounds count from 1.
 */
export async function publishRounds(publish) {
  const { count, controlPort, ms } = readArgument();
  const control = await listenRoundControl(controlPort);
  const reportsMemory = globalThis.gc !== undefined;
  if (reportsMemory) await reportMemory(0);
  ready(0);
  await control.connected;
  if (reportsMemory) await reportMemory(count);
  await rounds({ publish, control, count, ms });
}
