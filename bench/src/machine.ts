import { availableParallelism, totalmem } from "node:os";

/** What the figures were measured on, in a line. */
export function machine(): string {
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, ${gibibytes} GiB`;
}
