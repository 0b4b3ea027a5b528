import { once } from "node:events";
import { PumpTuple } from "../contracts.js";
import { listenReins } from "../Reins.js";
import { rounds } from "../rounds.js";
import { change, tuples } from "../tuples.js";

/** Publishes as soon as the bench says so. */
export async function publish(observables, { count, reinsPort, ms, ...shape }) {
  const asked = once(process, "SIGUSR2");
  const all = tuples(shape);
  const provided = observables.provide(PumpTuple, { load: () => all });
  const reins = await listenReins(reinsPort);
  await asked;
  const publishOne = (round) => {
    change(all, round);
    provided.notify();
  };
  await rounds({ publish: publishOne, reins, count, ms });
}
