import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Semaphore } from "@peek/kit";
import type { WebFolder } from "./readWebFolder.ts";

/** The length of a hash, in hexadecimal digits. */
const digits = 20;
const parallelReads = 8;

/** The hash of a module's description and of the paths and contents of all its files. */
export async function hashWebFolder({ dir, built, files }: WebFolder): Promise<string> {
  const reads = new Semaphore(parallelReads);
  const lines = await Promise.all(
    files.map((path) => reads.run(async () => `${path}\n${hash("sha256", await readFile(join(dir, path)))}\n`)),
  );
  return hash("sha256", `${JSON.stringify(built)}\n${lines.join("")}`).slice(0, digits);
}

/** Whether a text can be a hash of {@link hashWebFolder}. */
export function isWebHash(text: string): boolean {
  return text.length === digits && /^[0-9a-f]+$/.test(text);
}
