import { readFileSync } from "node:fs";

/** What the bench has for this process: the JSON in the file named on the command line. */
export function readInput() {
  return JSON.parse(readFileSync(process.argv[2], "utf8"));
}
