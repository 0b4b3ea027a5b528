import { availableParallelism, totalmem } from "node:os";

/** A line that describes the machine of the figures. */
export function machine(): string {
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, ${gibibytes} GiB`;
}
