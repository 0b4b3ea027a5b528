import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { freePort } from "./src/freePort.ts";
import { peek } from "./src/peekCommand.ts";
import { temporaryFolder } from "./src/temporaryFolder.ts";
import { TestHome } from "./src/TestHome.ts";
import { workspaceDir } from "./src/workspace.ts";

const name = "peek_plugin_pump";

/** Packs a plugin of a version. @param start The code of its start(). @returns The archive. */
async function packed(base: string, version: string, service = "agent", start = ""): Promise<string> {
  const title = `${service.slice(0, 1).toUpperCase()}${service.slice(1)}`;
  const dir = await temporaryFolder();
  const json = { name: "peek-plugin-pump", version, type: "module", files: ["index.js"], exports: "./index.js" };
  const manifest = { plugin: { title: "Pump", packageName: name }, requiresServices: [service] };
  await writeFile(join(dir, "package.json"), JSON.stringify(json));
  await writeFile(join(dir, "plugin_package.json"), JSON.stringify(manifest));
  const entry = `import { Plugin${title}EntryHookABC } from "@peek/plugin-base/${service}";
class EntryHook extends Plugin${title}EntryHookABC { load() {} start() { ${start} } stop() {} unload() {} }
export const peek${title}EntryHook = () => EntryHook;\n`;
  await writeFile(join(dir, "index.js"), entry);
  await mkdir(join(dir, "node_modules", "@peek"), { recursive: true });
  await symlink(join(workspaceDir, "packages/plugin-base"), join(dir, "node_modules/@peek/plugin-base"));
  const file = join(dir, "pump.tgz");
  expect(await peek(base, "plugin", "pack", dir, "--out", file)).toMatchObject({ code: 0, stderr: "" });
  return file;
}

/** Writes the entry of a change that a crash of the service has interrupted. */
async function interruptedChange(home: string): Promise<void> {
  const journal = join(home, "plugin-software", "journal");
  const id = randomUUID();
  const change = { plugin: name, from: "1.0.0-0123456789ab", to: "1.1.0-0123456789ab", step: "committed", tries: 0 };
  await mkdir(journal, { recursive: true, mode: 0o700 });
  await writeFile(
    join(journal, `${id}.json`),
    JSON.stringify({ format: 1, id, ...change, at: new Date().toISOString() }),
  );
}

it("archives of a plugin are installed, rolled back and removed, and the service runs the current version", async () => {
  await using home = await TestHome.with({}, [], "agent");
  const { base } = home;
  const [one, two] = [await packed(base, "1.0.0"), await packed(base, "1.1.0")];
  const run = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await peek(base, "plugin", ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  };
  expect(await run("install", one, "--dry-run")).toBe(`agent: ${name} 1.0.0 would be installed and enabled\n`);
  expect(await readFile(home.configFile, "utf8")).not.toContain(name);
  expect(await run("install", one)).toBe(`agent: ${name} 1.0.0 installed and enabled\n`);
  expect(await run("install", two)).toBe(`agent: ${name} 1.1.0 installed, after 1.0.0\n`);
  expect(await peek(base, "plugin", "install", one)).toMatchObject({ code: 78, stdout: "" });
  await interruptedChange(home.dir);
  expect(await run("rollback", name)).toBe(`agent: ${name} rolled back to 1.0.0, after 1.1.0\n`);
  // The next start must not complete it.
  expect(await readdir(join(home.dir, "plugin-software", "journal"))).toEqual([]);
  expect(await run("list", "--service", "agent")).toMatch(/peek_plugin_pump +1\.0\.0 .*1\.1\.0, 1\.0\.0 \(agent\)/);

  await using agent = await home.start();
  expect(agent.stdout).toContain("1 plugin started");
  expect(await peek(base, "plugin", "install", two)).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("agent is running"),
  });
  await agent.stop();

  expect(await run("remove", name)).toContain(`agent: ${name} disabled and removed\nKept: its tables`);
  expect(await peek(base, "plugin", "remove", name)).toMatchObject({ code: 78, stdout: "" });
});

it("a running service runs another version after install and reload, and the version before if the new one fails", async () => {
  const httpServer = { dataExchange: { sitePort: await freePort() } };
  const config = { plugin: { deadlines: { probeSeconds: 0.2 } }, httpServer };
  await using home = await TestHome.with(config, [], "logic");
  const { base } = home;
  const versionOf = async (): Promise<string | undefined> =>
    / peek_plugin_pump +(\S+ +\S+(?: \(\d\))?)/.exec((await peek(base, "status")).stdout)?.[1];
  expect(await peek(base, "plugin", "install", await packed(base, "1.0.0", "logic"))).toMatchObject({ code: 0 });
  await using logic = await home.start();
  expect(await versionOf()).toMatch(/^1\.0\.0 +started$/);
  expect(await peek(base, "plugin", "install", await packed(base, "1.1.0", "logic"))).toMatchObject({ code: 0 });
  expect(await peek(base, "plugin", "reload", name)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^logic-\w+: done, 1\.0\.0 \(1\) → 1\.1\.0 \(2\)\n$/),
  });
  expect(await versionOf()).toMatch(/^1\.1\.0 +started \(2\)$/);
  const broken = await packed(base, "1.2.0", "logic", "throw new Error('The pump is stuck');");
  expect(await peek(base, "plugin", "install", broken)).toMatchObject({ code: 0 });
  const { code, stderr } = await peek(base, "plugin", "reload", name);
  expect(code).toBe(75);
  expect(stderr).toContain("The pump is stuck");
  expect(await versionOf()).toMatch(/^1\.1\.0 +started \(4\)$/);
  expect(await peek(base, "plugin", "rollback", name)).toMatchObject({ code: 0 });
  expect(await peek(base, "plugin", "reload", name)).toMatchObject({ code: 0 });
  expect(await versionOf()).toMatch(/^1\.1\.0 +started \(5\)$/);
  await logic.stop();
});
