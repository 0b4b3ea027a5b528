import { readFileSync } from "node:fs";

/** The kernel's unit of what processes have used, the same on all machines; milliseconds. */
const tickMs = 10;

/** What a process has used of the CPU; microseconds, to the next 10 ms. */
export function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name before may hold anything.
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) * tickMs * 1000;
}
