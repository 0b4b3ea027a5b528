import { inGroups } from "../connections/inGroups.js";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { cpuOf } from "./cpuOf.js";
import { openRoundControl } from "./roundControl.js";
import { rawSubscriber } from "./rawSubscriber.js";

// Many subscribers in one process. Notifies the publisher when all of them have an update, and prints the sender's cost of each.
const { count, controlPort, pid, ...where } = readArgument();
let got = 0;
let rounds = 0;
let control;
await inGroups(count, () =>
  rawSubscriber(where, () => {
    got += 1;
    if (got < count) return;
    got = 0;
    rounds += 1;
    control.done();
  }),
);
let before;
control = await openRoundControl(controlPort, {
  onBegin: () => (before = { cpu: cpuOf(pid), rounds }),
  onEnd: () => {
    const cpuMicros = (cpuOf(pid) - before.cpu) / (rounds - before.rounds) / count;
    console.log(`Measured ${JSON.stringify({ cpuMicros })}`);
  },
});
ready(0);
