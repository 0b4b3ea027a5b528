import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolder } from "./temporaryFolder.ts";

it("a plugin that was unloaded, failed or was blocked is gone from memory; one that runs is not", async () => {
  const script = join(import.meta.dirname, "retainedInstances.ts");
  const flags = ["--expose-gc", "--conditions=@peek/source"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, temporaryFolder()]);
  const { present, states } = JSON.parse(stdout);
  expect(states).toEqual({
    peek_plugin_unloaded: "unloaded",
    peek_plugin_using: "unloaded",
    peek_plugin_load_failed: "failed",
    peek_plugin_closure_failed: "failed",
    peek_plugin_start_failed: "failed",
    peek_plugin_stop_failed: "failed",
    peek_plugin_unload_failed: "failed",
    peek_plugin_load_hung: "failed",
    peek_plugin_start_hung: "failed",
    peek_plugin_stop_hung: "failed",
    peek_plugin_blocked: "blocked",
    peek_plugin_late: "failed",
    peek_plugin_late_blocked: "blocked",
    peek_plugin_running: "started",
  });
  expect(Object.keys(present).toSorted()).toEqual(Object.keys(states).toSorted());
  expect(Object.keys(present).filter((name) => present[name])).toEqual(["peek_plugin_running"]);
});
