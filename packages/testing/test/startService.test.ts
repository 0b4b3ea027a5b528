import { existsSync, statSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startService } from "@peek/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";

const pluginBase = join(dirname(dirname(import.meta.dirname)), "plugin-base");

/** Writes a plugin's package to a folder of its own, with any name. */
async function writePlugin(name: string, body: string, imports = ""): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "peek-plugin-")));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, "node_modules", "@peek"), { recursive: true });
  await symlink(pluginBase, join(dir, "node_modules", "@peek", "plugin-base"));
  await writeFile(
    join(dir, "package.json"),
    JSON.stringify({ name: name.replaceAll("_", "-"), type: "module", exports: "./index.js" }),
  );
  await writeFile(
    join(dir, "plugin_package.json"),
    JSON.stringify({ plugin: { title: "Test", packageName: name, version: "1.0.0" }, requiresServices: ["logic"] }),
  );
  await writeFile(
    join(dir, "index.js"),
    `${imports}
     import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
     export const peekLogicEntryHook = () => class extends PluginLogicEntryHookABC {
       load() {} start() {} stop() {} unload() {}
       ${body}
     };`,
  );
  return dir;
}

describe("startService", () => {
  it("starts the real service in a temporary home, and removes the home at the end", async () => {
    const logic = await startService("logic");
    expect(statSync(logic.home.dir).mode & 0o777).toBe(0o700);
    expect(logic.status()).toMatchObject({ service: "logic", pid: process.pid, plugins: [] });
    expect(await logic.stop()).toEqual([]);
    expect(existsSync(logic.home.dir)).toBe(false);
    expect(logic.log.lines.at(-1)).toBe("INFO peek_logic_service:Stopped");
  });

  it("runs a plugin from its folder, and returns its status and log", async () => {
    const dir = await writePlugin("peek_plugin_pump", "start() { this.getLogger(import.meta).debug('Pumping'); }");
    await using logic = await startService("logic", { plugins: [dir] });
    expect(logic.plugin("peek_plugin_pump")).toMatchObject({
      state: "started",
      version: "1.0.0",
      rootDir: dir,
      durations: { load: expect.any(Number), start: expect.any(Number) },
    });
    expect(logic.log.lines).toContain("DEBUG peek_plugin_pump:Pumping");
  });

  it("finds a plugin of the workspace by its name, on each service", async () => {
    await using office = await startService("office", { plugins: ["peek_plugin_tutorial"] });
    await using agent = await startService("agent", { plugins: ["peek_plugin_tutorial"] });
    expect([office.plugin("peek_plugin_tutorial").state, agent.plugin("peek_plugin_tutorial").state]).toEqual([
      "started",
      "started",
    ]);
  });

  it("rejects with the error of the failed plugin and its stack, and leaves nothing behind", async () => {
    const dir = await writePlugin("peek_plugin_broken", "load() { throw new Error('no pump'); }");
    const well = await writePlugin("peek_plugin_well", "");
    const starting = startService("logic", { plugins: [dir, well] });
    await expect(starting).rejects.toMatchObject({
      code: "HOOK_THREW",
      message: expect.stringMatching(/^peek_plugin_broken is failed in load: HOOK_THREW, no pump\n.*allowFailed: true/),
      cause: { message: "no pump", stack: expect.stringContaining(join(dir, "index.js")) },
      fields: { plugin: "peek_plugin_broken" },
    });
  });

  it.each([
    ["is not what the service takes", "publishedLogicApi = 1; load = 1;"],
    ["has an unknown import", "async load() { await import('./gone.js'); }"],
  ])("rejects when a plugin %s", async (_what, body) => {
    const dir = await writePlugin("peek_plugin_broken", body);
    await expect(startService("logic", { plugins: [dir] })).rejects.toThrow(/^peek_plugin_broken is failed/);
  });

  it("rejects when a plugin cannot be found", async () => {
    await expect(startService("logic", { plugins: ["peek_plugin_gone"] })).rejects.toMatchObject({
      code: "PLUGIN_NOT_FOUND",
    });
  });

  it("prints on stderr which absent service a call waits for", async () => {
    const dir = await writePlugin(
      "peek_plugin_waiting",
      `start() {
         const ask = defineRpc("peek_plugin_waiting.Ask", { ask: {} });
         this.platform.vortex.rpc.client(ask, { to: "agent", wait: true }).ask().catch(() => undefined);
       }`,
      'import { defineRpc } from "@peek/plugin-base/contracts";',
    );
    const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    onTestFinished(() => written.mockRestore());
    await using logic = await startService("logic", { plugins: [dir] });
    await logic.log.waitFor("is waiting to call");
    expect(written).toHaveBeenCalledExactlyOnceWith(
      "logic: peek_plugin_waiting is waiting to call peek_plugin_waiting.Ask on agent: no agent service is connected.\n",
    );
  });

  it("returns the error of a failed plugin with allowFailed", async () => {
    const dir = await writePlugin("peek_plugin_broken", "load() { throw new Error('no pump'); }");
    await using logic = await startService("logic", { plugins: [dir], allowFailed: true });
    expect(logic.plugin("peek_plugin_broken")).toMatchObject({
      state: "failed",
      error: { code: "HOOK_THREW", hook: "load", message: "no pump" },
    });
  });

  it("returns the plugins that failed to stop", async () => {
    const dir = await writePlugin("peek_plugin_clinging", "stop() { return new Promise(() => {}); }");
    const deadlines = { stopSeconds: 0.05 };
    const logic = await startService("logic", { plugins: [dir], config: { plugin: { deadlines } } });
    expect(await logic.stop()).toMatchObject([
      { name: "peek_plugin_clinging", state: "failed", error: { code: "HOOK_TIMED_OUT", hook: "stop" } },
    ]);
  });

  it("gives a plugin a folder for its files", async () => {
    const dir = await writePlugin(
      "peek_plugin_files",
      "start() { this.getLogger(import.meta).info(this.platform.dataDir); }",
    );
    await using logic = await startService("logic", { plugins: [dir] });
    const dataDir = join(logic.home.dir, "plugin-data", "peek_plugin_files");
    expect(logic.log.lines).toContain(`INFO peek_plugin_files:${dataDir}`);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it("aborts the signal of a plugin before stop()", async () => {
    const dir = await writePlugin(
      "peek_plugin_listening",
      `start() { this.platform.signal.addEventListener("abort", () => this.getLogger(import.meta).info("signal")); }
       stop() { this.getLogger(import.meta).info("stop"); }`,
    );
    const logic = await startService("logic", { plugins: [dir] });
    await logic.stop();
    expect(logic.log.lines.filter((line) => line.includes("peek_plugin_listening:"))).toEqual([
      "INFO peek_plugin_listening:signal",
      "INFO peek_plugin_listening:stop",
    ]);
  });

  it("names the enabled plugins when the requested one is not enabled", async () => {
    await using logic = await startService("logic", { plugins: ["peek_plugin_tutorial"] });
    expect(() => logic.plugin("peek_plugin_x")).toThrow("Enabled plugins: peek_plugin_tutorial");
  });
});

describe("LogCapture.waitFor", () => {
  it("resolves with a past or future line, or rejects with all lines", async () => {
    await using logic = await startService("logic");
    expect(await logic.log.waitFor("Ready")).toMatchObject({ level: "INFO", name: "peek_logic_service" });
    const coming = logic.log.waitFor(/service:Stopped$/);
    await logic.stop();
    expect(await coming).toMatchObject({ msg: "Stopped" });
    await expect(logic.log.waitFor("never", { timeoutMs: 1 })).rejects.toThrow(
      /No line with never was logged within 1 ms\. The log:\nINFO/,
    );
  });
});
