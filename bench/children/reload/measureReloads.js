import { readFile, writeFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { serviceHome } from "@peek/config";
import { PeekService } from "@peek/platform";
import { readArgument } from "../readArgument.js";
import { report } from "../tasks/report.js";

/** The reloads that warm the code up, and are not measured. */
const warmUp = 20;

// Reloads one plugin of a service again and again, each time with another version of its module.
const { peekHome, serviceDir, plugin, file, reloads } = readArgument();
const home = serviceHome("logic", { PEEK_HOME: peekHome });
await using service = await PeekService.open({ name: "logic", dir: serviceDir }, { home, probeMs: 0 });
await service.start();
const source = await readFile(file, "utf8");

/** @returns The milliseconds from the request until the new generation runs. */
async function reload(version) {
  await writeFile(file, `${source}\n// ${version}\n`);
  const began = performance.now();
  const { outcome, error } = await service.change({ kind: "reload", plugin });
  if (outcome !== "done") throw new Error(`The reload was ${outcome}: ${error?.message}`);
  return performance.now() - began;
}

function memory() {
  globalThis.gc();
  const { heapUsed, rss } = process.memoryUsage();
  return { heapUsed, rss };
}

for (let version = 0; version < warmUp; version += 1) await reload(version);
const before = memory();
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const times = [];
for (let version = 0; version < reloads; version += 1) times.push(await reload(warmUp + version));
delay.disable();
const after = memory();
times.sort((one, other) => one - other);
report({
  p50: times[Math.floor(reloads * 0.5)],
  p99: times[Math.floor(reloads * 0.99)],
  blocked: delay.max / 1e6,
  heapKiB: (after.heapUsed - before.heapUsed) / 1024 / reloads,
  rssKiB: (after.rss - before.rss) / 1024 / reloads,
});
