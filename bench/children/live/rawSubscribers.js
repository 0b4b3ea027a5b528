import { inGroups } from "../connections/inGroups.js";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { cpuOf } from "./cpuOf.js";
import { openReins } from "./Reins.js";
import { rawSubscriber } from "./rawSubscriber.js";

// Many subscribers in one process. Tells the publisher when all of them have an update, and the bench what each has cost the
// process that sends it.
const { count, reinsPort, pid, ...where } = readArgument();
let got = 0;
let rounds = 0;
let reins;
await inGroups(count, () =>
  rawSubscriber(where, () => {
    got += 1;
    if (got < count) return;
    got = 0;
    rounds += 1;
    reins.done();
  }),
);
let before;
reins = await openReins(reinsPort, {
  onBegin: () => (before = { cpu: cpuOf(pid), rounds }),
  onEnd: () => {
    const cpuMicros = (cpuOf(pid) - before.cpu) / (rounds - before.rounds) / count;
    console.log(`Measured ${JSON.stringify({ cpuMicros })}`);
  },
});
ready(0);
