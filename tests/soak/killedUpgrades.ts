import { killedUpgrades, UpgradedServices } from "../src/UpgradedServices.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/killedUpgrades.ts [kills for each step]

const kills = given(20);
await using services = await UpgradedServices.start();
for (const { victim, steppedOn, step, goes } of killedUpgrades) {
  const times: number[] = [];
  const outcomes = { other: 0, lines: 0 };
  for (let index = 0; index < kills; index++) {
    const from = await services.agreed();
    const began = performance.now();
    const { version, said } = await services.kill(victim, steppedOn, step);
    times.push(performance.now() - began);
    if ((version === from) !== (goes === "back")) outcomes.other++;
    outcomes.lines += said.length;
  }
  const name = `${victim} killed at the step ${step} of ${steppedOn}`;
  print(`${name}: both services run one version`, times.length, String(kills));
  print(`${name}: not the version that was expected`, outcomes.other, "0");
  print(
    `${name}: lines of the killed service that say which`,
    outcomes.lines,
    victim === steppedOn ? String(kills) : "any",
  );
  print(`${name}: from the command to the same version, longest, ms`, Math.max(...times));
}
