import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** The URLs of the modules in the file that the command line names. */
export function readFileList() {
  return JSON.parse(readFileSync(process.argv[2], "utf8")).map((file) => pathToFileURL(file).href);
}
