import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const variable = "PEEK_TEST_SHARED_FOLDER";

/** For vitest's `globalSetup`: a folder for what the tests of one run make once and share. */
export default async function setup(): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), "peek-tests-shared-"));
  process.env[variable] = dir;
  return () => rm(dir, { recursive: true, force: true });
}

/** The folder of this run; undefined outside of a run, as in the long tests. */
export function sharedFolder(): string | undefined {
  return process.env[variable];
}
