import { readFileSync } from "node:fs";

/** The input of this process: the JSON in the file that the command line names. */
export function readInput() {
  return JSON.parse(readFileSync(process.argv[2], "utf8"));
}
