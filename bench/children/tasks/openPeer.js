import { readArgument } from "../readArgument.js";

/**
 * What the bench knows of a queue: `bench/peers/tasks` has one of these for each.
 *
 * @typedef Peer
 * @property {(where: object) => Promise<Producer>} openProducer Who queues no-op tasks.
 * @property {(where: object, begin: (id: string) => void) => Promise<Worker>} startWorker Who does them; calls `begin` for each.
 *
 * @typedef Producer
 * @property {() => Promise<unknown>} enqueue Queues one.
 * @property {(count: number) => Promise<unknown>} enqueueAll Queues many at once.
 * @property {() => Promise<unknown>} run Queues one, and waits until somebody has done it. Only where `follow` was called.
 * @property {() => Promise<void>} follow Makes ready for `run`.
 *
 * @typedef Worker
 * @property {(ids: readonly string[]) => Promise<boolean>} areRecorded Whether it is kept that all these are done.
 */

/** The peer that the command line names, and how it is reached. */
export async function openPeer() {
  const argument = readArgument();
  /** @type {Peer} */
  const peer = await import(argument.peer);
  return { peer, argument };
}
