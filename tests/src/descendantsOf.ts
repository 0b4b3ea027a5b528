import { readdir, readFile } from "node:fs/promises";

/** The descendants of a process, the last first. Linux only; elsewhere none. */
export async function descendantsOf(pid: number): Promise<readonly number[]> {
  const children = new Map<number, number[]>();
  for (const entry of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    // The name, in parentheses, may contain spaces.
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const below = (parent: number): number[] => (children.get(parent) ?? []).flatMap((child) => [...below(child), child]);
  return below(pid);
}
