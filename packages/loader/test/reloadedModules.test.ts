import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolder } from "./temporaryFolder.ts";

it(
  "a reload imports changed files of a plugin, but neither unchanged ones nor its dependencies, and frees the old instance",
  { timeout: 120_000 },
  async () => {
    const script = join(import.meta.dirname, "reloadedModules.ts");
    const flags = ["--expose-gc", "--conditions=@peek/source"];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, temporaryFolder()]);
    const { steps, present, generation } = JSON.parse(stdout);
    const seen = (value: number): object => ({
      value,
      common: value,
      data: value,
      lazy: value,
      loaded: value,
      owner: 1,
    });
    const done = { outcome: "done" };
    expect(steps).toEqual([
      { what: "changed", ...done, evaluated: ["value", "index"], seen: seen(2) },
      { what: "unchanged", ...done, evaluated: [], seen: seen(2) },
      { what: "touched", ...done, evaluated: [], seen: seen(2) },
      { what: "broken", outcome: "refused", error: "IMPORT_FAILED", evaluated: [], seen: seen(2) },
      { what: "repaired", ...done, evaluated: ["value", "index"], seen: seen(3) },
      { what: "back", ...done, evaluated: [], seen: { ...seen(2), loaded: expect.any(Number) } },
    ]);
    expect(present).toEqual([false, false, false, false, false, true]);
    expect(generation).toBeGreaterThan(6);
  },
);
