import { LiveSystem } from "../src/live/LiveSystem.ts";
import { steppedClock } from "../src/live/loadPlugin.ts";
import { slowProviders } from "../src/live/slowProviders.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/slowProviders.ts [seconds]

const seconds = given(60);
await using system = await LiveSystem.start({ env: steppedClock(100) });
const figures = await slowProviders(system, { watchers: 200, rows: 200, perSecond: 300, seconds });
const { report } = figures;
print("the clock of the services was off by, s", figures.clockWasOffBy / 1000, "3600");
print("provider runs", figures.providerRuns);
print("offsets that did not rise", report.repeated, "0");
print("gaps", report.gaps, "0");
print("stepped back", report.steppedBack, "0");
print("cuts", report.cuts, "0");
print("different states in the end", report.states.length, "1");
print("the state is the database's", String(report.states[0]?.split(" ")[1] === figures.database), "true");
