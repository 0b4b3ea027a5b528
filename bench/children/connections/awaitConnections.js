import { setTimeout as delay } from "node:timers/promises";

const pollMs = 20;

/** Waits until there are `count` connections. */
export async function awaitConnections(count, connections) {
  while (connections() < count) await delay(pollMs);
}
