import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { readArgument } from "../../children/readArgument.js";
import { measureHeavy } from "../../children/tasks/measureHeavy.js";
import { report } from "../../children/tasks/report.js";

const { count, cpuMs } = readArgument();
const threads = availableParallelism();
const filename = new URL("spinThread.js", import.meta.url).href;
const pool = new Piscina({ filename, minThreads: threads, maxThreads: threads });
report(await measureHeavy(() => pool.run(cpuMs), count));
process.exit(0);
