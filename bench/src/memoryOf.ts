import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

/** What a process occupies; MiB. */
export interface Memory {
  /** All of it that is in memory, what it shares with other processes counted whole. */
  readonly rss: number;
  /** The same, with what it shares counted in proportion: Node's own code is shared by all that run it. */
  readonly pss: number;
}

/** Two readings this far apart have to agree. */
const intervalMs = 200;
const agreement = 0.01;
const maxReadings = 50;

/** The memory of a process that has come to rest: that of the first two readings that differ by less than 1 %. */
export async function settledMemory(pid: number, signal: AbortSignal): Promise<Memory> {
  let before = await readMemory(pid);
  for (let reading = 0; reading < maxReadings; reading += 1) {
    await setTimeout(intervalMs, undefined, { signal });
    const now = await readMemory(pid);
    if (Math.abs(now.rss - before.rss) < agreement * before.rss) return now;
    before = now;
  }
  throw new Error(`The memory of process ${pid} did not come to rest within ${(maxReadings * intervalMs) / 1000} s`);
}

async function readMemory(pid: number): Promise<Memory> {
  const rss = mebibytes(await readFile(`/proc/${pid}/status`, "utf8"), /^VmRSS:\s+(\d+) kB$/m);
  const pss = mebibytes(await readFile(`/proc/${pid}/smaps_rollup`, "utf8"), /^Pss:\s+(\d+) kB$/m);
  return { rss, pss };
}

function mebibytes(text: string, pattern: RegExp): number {
  const kibibytes = pattern.exec(text)?.[1];
  if (kibibytes === undefined) throw new Error(`/proc does not tell ${String(pattern)}`);
  return Number(kibibytes) / 1024;
}
