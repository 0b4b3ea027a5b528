import { fanOut } from "../src/live/fanOut.ts";
import { LiveSystem } from "../src/live/LiveSystem.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/fanOut.ts [subscribers]

const subscribers = given(10_000);
const changes = 30;
await using system = await LiveSystem.start();
const options = { subscribers, processes: 2, rows: 1000, rowChars: 150, changes, restMs: 300 };
const figures = await fanOut(system, options);
print("subscribers on one channel", subscribers);
print("changes", changes);
print("provider runs", figures.providerRuns, `at most ${changes}`);
print("encodings", figures.encodings, `at most ${changes}`);
print("commit to socket, p50, ms", figures.p50);
print("commit to socket, p99, ms", figures.p99, "less than 500");
print("largest frame for one row of 1,000, bytes", figures.largestFrame, "at most 500");
print("processor time of field for each, microseconds", figures.fieldMicroseconds);
print("memory of field, MiB", figures.fieldMiB);
print("gaps", figures.reports.map(({ gaps }) => gaps).join(" "), "0");
