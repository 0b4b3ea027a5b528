import { readArgument } from "../readArgument.js";

/**
 * The bench's interface to a queue: `bench/peers/tasks` has an implementation for each.
 *
 * @typedef Peer
 * @property {(where: object) => Promise<Producer>} openProducer Queues empty tasks.
 * @property {(where: object, begin: (id: string) => void) => Promise<Worker>} startWorker Executes them; calls `begin` for each.
 *
 * @typedef Producer
 * @property {() => Promise<unknown>} enqueue Queues one.
 * @property {(count: number) => Promise<unknown>} enqueueAll Queues many at once.
 * @property {() => Promise<unknown>} run Queues one, and waits until it is done. Requires `follow`.
 * @property {() => Promise<void>} follow Prepares `run`.
 *
 * @typedef Worker
 * @property {(ids: readonly string[]) => Promise<boolean>} areRecorded Whether all these are recorded as done.
 */

/** The peer in the command's arguments, and its store. */
export async function openPeer() {
  const argument = readArgument();
  /** @type {Peer} */
  const peer = await import(argument.peer);
  return { peer, argument };
}
