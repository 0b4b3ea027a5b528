import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that exists until it is disposed. */
export interface TempFolder extends AsyncDisposable {
  readonly dir: string;
}

export async function makeTempFolder(): Promise<TempFolder> {
  // The real path, since Node identifies modules by it.
  const dir = await realpath(await mkdtemp(join(tmpdir(), "peek-bench-")));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}
