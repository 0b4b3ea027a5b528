import { SimulatedBrowsers } from "../src/live/SimulatedBrowsers.ts";
import { fuzz } from "../src/live/fuzz.ts";
import { LiveSystem } from "../src/live/LiveSystem.ts";
import { itemsOf } from "../src/live/loadPlugin.ts";
import { memoryOf } from "../src/live/memoryOf.ts";
import { RawClient } from "../src/live/RawClient.ts";
import { Writer } from "../src/live/Writer.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/abuse.ts [frames]

const frames = given(100_000);
// With a small heap, a leak shows at once.
await using system = await LiveSystem.start({ env: { NODE_OPTIONS: "--max-old-space-size=96" } });
const { url, process: field } = system.field;
await system.fill(20);
await using others = await SimulatedBrowsers.open({ urls: [url], count: 50, selectors: [itemsOf(0)] });
await using writer = new Writer(system.db, 20);
await fuzz(url, frames / 20);
writer.start(50);

await others.begin();
for (const part of [1, 2, 3, 4]) {
  print("memory of field, MiB", await memoryOf(field.pid), "flat");
  const figures = await fuzz(url, frames / 4);
  print(`frames, ${part} of 4`, figures.frames);
  print("connections", figures.connections);
  print("errors", JSON.stringify(figures.codes), "no INTERNAL");
  print("closed with", JSON.stringify(figures.closes));
}
print("memory of field, MiB", await memoryOf(field.pid), "flat");

for (let turn = 0; turn < 10; turn += 1) {
  await using greedy = await RawClient.open(url);
  for (let id = 0; id < 10_000; id += 1) greedy.send({ t: "sub", id, sel: itemsOf(id + 1000) });
  await greedy.until(() => greedy.closed !== undefined);
}
await using patient = await RawClient.open(url);
for (let id = 0; id < 10_000; id += 1) {
  patient.send({ t: "sub", id, sel: itemsOf(id + 1000) });
  // Within the rate limit.
  if (id % 90 === 89) await new Promise((resolve) => setTimeout(resolve, 100));
}
await patient.until(() => patient.count("on") + patient.count("off") >= 10_000);
print("of 10,000 subscriptions of one client, on", patient.count("on"), "1000");
print("refused by SUBSCRIPTION_LIMIT", patient.count("SUBSCRIPTION_LIMIT"), "9000");
print("memory of field, MiB", await memoryOf(field.pid), "flat");
print("memory of logic, MiB", await memoryOf(system.logic.pid));

await writer.stop();
await others.untilTotal(writer.written);
const report = await others.report();
print("others' p99, ms", report.latency.p99);
print("others' cuts, gaps", `${report.cuts} ${report.gaps}`, "0 0");
