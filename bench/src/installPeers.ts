import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { peersDir } from "./paths.ts";

const run = promisify(execFile);

/** Installs the peers by their lockfile, unless that has been done since its last change. */
export async function installPeers(signal: AbortSignal): Promise<void> {
  // npm writes this file when an installation is complete.
  const installed = await changedAt("node_modules/.package-lock.json");
  const wanted = Math.max(await changedAt("package-lock.json"), await changedAt("package.json"));
  if (installed >= wanted) return;
  console.error("Installing the peers that Peek is compared with …");
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: peersDir, signal });
}

async function changedAt(file: string): Promise<number> {
  try {
    return (await stat(join(peersDir, file))).mtimeMs;
  } catch {
    // It does not exist: the peers have never been installed.
    return 0;
  }
}
