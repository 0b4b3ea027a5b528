import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

/** The memory of a process, in MiB. */
export interface Memory {
  /** The resident memory; shared memory counts whole. */
  readonly rss: number;
  /** The resident memory; shared memory counts in proportion, such as Node's code, which all its processes share. */
  readonly pss: number;
}

/** The time between two readings, which have to agree. */
const intervalMs = 200;
const agreement = 0.01;
const maxReadings = 50;

/** The stable memory of a process: the first two readings that differ by less than 1 %. */
export async function settledMemory(pid: number, signal: AbortSignal): Promise<Memory> {
  let before = await readMemory(pid);
  for (let reading = 0; reading < maxReadings; reading += 1) {
    await setTimeout(intervalMs, undefined, { signal });
    const now = await readMemory(pid);
    if (Math.abs(now.rss - before.rss) < agreement * before.rss) return now;
    before = now;
  }
  throw new Error(`The memory of process ${pid} did not become stable within ${(maxReadings * intervalMs) / 1000} s`);
}

async function readMemory(pid: number): Promise<Memory> {
  const rss = mebibytes(await readFile(`/proc/${pid}/status`, "utf8"), /^VmRSS:\s+(\d+) kB$/m);
  const pss = mebibytes(await readFile(`/proc/${pid}/smaps_rollup`, "utf8"), /^Pss:\s+(\d+) kB$/m);
  return { rss, pss };
}

function mebibytes(text: string, pattern: RegExp): number {
  const kibibytes = pattern.exec(text)?.[1];
  if (kibibytes === undefined) throw new Error(`/proc has no line ${String(pattern)}`);
  return Number(kibibytes) / 1024;
}
