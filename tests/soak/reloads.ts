import { callingPlugins } from "../src/live/callingPlugins.ts";
import { LiveSystem } from "../src/live/LiveSystem.ts";
import { loadVariables } from "../src/live/loadPlugin.ts";
import { reloadedUnderLoad } from "../src/live/reloadedUnderLoad.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/reloads.ts [reloads] [browsers] [startMs]

const reloads = given(50);
const [browsers = 1000, startMs = 1000] = process.argv.slice(3).map(Number);
const idle = Array.from({ length: 97 }, (_, n) => ({ name: `peek_plugin_idle${n}` }));
await using system = await LiveSystem.start({
  plugins: [...callingPlugins, ...idle],
  worker: true,
  env: { [loadVariables.start]: String(startMs), [loadVariables.tasks]: "1" },
});
const { report, calls, executed, actions, tasks, reloadMs, memory, seconds } = await reloadedUnderLoad(system, {
  browsers,
  reloads,
  changesPerSecond: 10,
  actionsPerSecond: 100,
  callsPerSecond: 1000,
  deadlineMs: 5000,
  beforeReload: async (reload) => {
    if (reload % 10 === 0) process.stdout.write(`reload ${reload}\n`);
  },
});
const sorted = reloadMs.toSorted((one, other) => one - other);
print("plugins", 100);
print("reloads", reloads);
print("seconds", seconds);
print("the command, ms, median", sorted[Math.floor(reloads / 2)] ?? 0);
print("the command, ms, at most", sorted.at(-1) ?? 0);
print("browsers", report.members);
print("browsers live in the end", report.live, String(browsers));
print("connections cut", report.cuts, "0");
print("gaps", report.gaps, "0");
print("rows repeated", report.repeated, "0");
print("rows older than before", report.steppedBack, "0");
for (const [what, { calls: count, failed, ms }] of Object.entries({ reloaded: calls.reloaded, others: calls.beside })) {
  print(`calls to ${what}`, count);
  print(`calls to ${what} that failed`, JSON.stringify(failed), "{}");
  print(`calls to ${what}, ms, p50`, ms.p50);
  print(`calls to ${what}, ms, p99`, ms.p99);
  print(`calls to ${what}, ms, at most`, ms.max, what === "others" ? "at most 100" : "");
}
print("calls to reloaded that were not executed", calls.reloaded.calls - executed.executed, "0");
print("calls to reloaded that were executed twice", executed.twice, "0");
print("calls to others that were executed twice", calls.executedBeside.twice, "0");
print("actions", actions.pushed);
print("actions lost", actions.lost, "0");
print("actions executed twice", actions.repeated, "0");
print("actions executed after a later one of their lane", actions.disordered, "0");
print("tasks lost", tasks.lost, "0");
print("tasks executed again after an interruption", tasks.repeated);
for (const [service, [begin, warm, end]] of Object.entries(memory)) {
  print(`${service}, MiB at the begin`, begin);
  // Under load, V8 gives the young generation more memory, with or without reloads.
  print(`${service}, MiB after a tenth of the reloads`, warm);
  print(`${service}, MiB more after all`, end - warm, "at most 100 after 200 reloads");
}
