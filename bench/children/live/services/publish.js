import { once } from "node:events";
import { PumpTuple } from "../contracts.js";
import { listenRoundControl } from "../roundControl.js";
import { rounds } from "../rounds.js";
import { change, tuples } from "../tuples.js";

/** Publishes when the bench signals it. */
export async function publish(observables, { count, controlPort, ms, ...shape }) {
  const asked = once(process, "SIGUSR2");
  const all = tuples(shape);
  const provided = observables.provide(PumpTuple, { load: () => all });
  const control = await listenRoundControl(controlPort);
  await asked;
  const publishOne = (round) => {
    change(all, round);
    provided.notify();
  };
  await rounds({ publish: publishOne, control, count, ms });
}
