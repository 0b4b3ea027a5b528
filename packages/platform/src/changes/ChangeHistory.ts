import { closeSync, existsSync, fstatSync, openSync, readFileSync } from "node:fs";
import { writeFileAtomic } from "@peek/config";
import { cutText, messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { type AdminResult, adminResultSchema } from "./pluginAdminRpc.ts";

/** How many results are kept. */
const maxResults = 100;
/** The maximum size of the file, in bytes: the oldest results are removed beyond it. */
const maxBytes = 512 * 1024;
/** The maximum length of an error message in the file, in characters. */
const maxMessage = 2000;

/** The last results of changes, in a file with one result a line, as JSON. A restart of logic keeps them. */
export class ChangeHistory {
  readonly #file: string;
  readonly #logger: Logger;
  readonly #results: AdminResult[];

  /** Reads the file. Damaged lines are left out, with one warning for all; the next result removes them from the file. */
  constructor(file: string, logger: Logger) {
    this.#file = file;
    this.#logger = logger;
    this.#results = this.#read();
  }

  /** The last results, the newest last. */
  get results(): readonly AdminResult[] {
    return [...this.#results];
  }

  /** Adds a result, and writes the file. Where that fails, a warning says so, and the result is kept until logic ends. */
  add(result: AdminResult): void {
    this.#results.push(result);
    if (this.#results.length > maxResults) this.#results.shift();
    try {
      writeFileAtomic(this.#file, textOf(this.#results));
    } catch (error) {
      this.#logger.warning(
        "%s was not written, so that a restart forgets this change: %s",
        this.#file,
        messageOf(error),
      );
    }
  }

  #read(): AdminResult[] {
    if (!existsSync(this.#file)) return [];
    try {
      const lines = readLines(this.#file);
      const results = lines.flatMap((line) => parseLine(line) ?? []);
      const damaged = lines.length - results.length;
      if (damaged > 0) this.#logger.warning("%s has damaged lines, which are left out: %d", this.#file, damaged);
      return results.slice(-maxResults);
    } catch (error) {
      this.#logger.warning(
        "%s cannot be read, so that earlier changes are not shown: %s",
        this.#file,
        messageOf(error),
      );
      return [];
    }
  }
}

function readLines(file: string): readonly string[] {
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    if (size > maxBytes) throw new Error(`its size is ${size} bytes, and the maximum is ${maxBytes}.`);
    return readFileSync(descriptor, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } finally {
    closeSync(descriptor);
  }
}

function parseLine(line: string): AdminResult | undefined {
  try {
    return adminResultSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** As many of the last results as fit. */
function textOf(results: readonly AdminResult[]): string {
  const lines: string[] = [];
  let bytes = 0;
  for (const result of results.toReversed()) {
    const line = `${JSON.stringify(shortened(result))}\n`;
    bytes += Buffer.byteLength(line);
    if (bytes > maxBytes) break;
    lines.unshift(line);
  }
  return lines.join("");
}

function shortened(result: AdminResult): AdminResult {
  const short = <T extends Pick<AdminResult, "error">>(part: T): T =>
    part.error === undefined
      ? part
      : { ...part, error: { ...part.error, message: cutText(part.error.message, maxMessage) } };
  return { ...short(result), services: result.services.map(short) };
}
