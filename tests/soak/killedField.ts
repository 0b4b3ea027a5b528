import { killedUnderLoad } from "../src/live/killedUnderLoad.ts";
import { LiveSystem } from "../src/live/LiveSystem.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/killedField.ts [clients]

const clients = given(500);
await using system = await LiveSystem.start({ fields: 2 });
const options = { clients, updatesPerSecond: 1000, rows: 100, seconds: 10 };
const { report, resumedMs, updatesPerSecond } = await killedUnderLoad(system, options);
print("clients", clients);
print("updates a second", updatesPerSecond, "1000");
print("cut", report.cuts);
print("all resumed elsewhere after, ms", resumedMs, "at most 5000");
print("the longest without, ms", report.longestCut);
print("snapshots", report.snapshots, "0");
print("gaps", report.gaps, "0");
print("repeated", report.repeated, "0");
print("stepped back", report.steppedBack, "0");
print("different states in the end", report.states.length, "1");
print("commit to socket, p99 without the cut's own, ms", report.latency.p99);
