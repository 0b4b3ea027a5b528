import { readdir, readFile } from "node:fs/promises";

/** A process, as the kernel describes it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly command: string;
}

/** The processes whose command contains a folder, except this one and its ancestors. */
export async function processesOn(dir: string): Promise<readonly ProcessFacts[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = await Promise.all(ids.map(async (pid) => ({ pid, command: await commandOf(pid) })));
  return all.filter(({ pid, command }) => pid !== process.pid && command.includes(dir));
}

async function commandOf(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}
