import { readFileSync } from "node:fs";

/** The kernel's unit of CPU time in milliseconds, the same on all machines. */
const tickMs = 10;

/** The CPU time of a process in microseconds, rounded to 10 ms. */
export function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The preceding name may contain any character.
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) * tickMs * 1000;
}
