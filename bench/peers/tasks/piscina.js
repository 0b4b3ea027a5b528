import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { readArgument } from "../../children/readArgument.js";
import { measureHeavy } from "../../children/tasks/measureHeavy.js";
import { tell } from "../../children/tasks/tell.js";

const { count, cpuMs } = readArgument();
const threads = availableParallelism();
const filename = new URL("spinThread.js", import.meta.url).href;
const pool = new Piscina({ filename, minThreads: threads, maxThreads: threads });
tell(await measureHeavy(() => pool.run(cpuMs), count));
process.exit(0);
