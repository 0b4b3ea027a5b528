import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** The URLs of the modules that the file named on the command line lists. */
export function readFileList() {
  return JSON.parse(readFileSync(process.argv[2], "utf8")).map((file) => pathToFileURL(file).href);
}
