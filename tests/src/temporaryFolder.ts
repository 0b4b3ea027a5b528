import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that is removed at the end of the test. */
export async function temporaryFolder(): Promise<string> {
  const dir = await makeFolder();
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A folder that the caller has to remove. */
export async function makeFolder(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), "peek-tests-")));
}
