import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { peek } from "./src/peekCommand.ts";
import { pump as name, pumpArchive } from "./src/pumpArchive.ts";
import { TestHome } from "./src/TestHome.ts";

/** Packs a version for one service. */
const packed = (base: string, version: string, service = "agent"): Promise<string> =>
  pumpArchive(base, { version, services: [service] });

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

it("archives are upgraded and rolled back in the files where logic does not run, and logic keeps them for the other services", async () => {
  const config = { plugin: { deadlines: { probeSeconds: 0.2 } } };
  await using home = await TestHome.with(config, [], "logic");
  const { base } = home;
  const [one, two] = [await packed(base, "1.0.0", "logic"), await packed(base, "1.1.0", "logic")];
  const plugin = (...args: readonly string[]) => peek(base, "plugin", ...args);
  expect(await plugin("upgrade", one)).toMatchObject({
    code: 78,
    stderr: expect.stringContaining("is enabled on no service"),
  });
  expect(await plugin("install", one)).toMatchObject({ code: 0 });
  expect(await plugin("upgrade", two, "--dry-run")).toMatchObject({
    stdout: `logic: ${name} 1.1.0 would be installed, after 1.0.0\n`,
  });
  expect(await plugin("upgrade", two)).toMatchObject({
    code: 0,
    stdout: `logic: ${name} 1.1.0 installed, after 1.0.0\n`,
  });
  expect(await plugin("rollback", name, "--dry-run")).toMatchObject({
    code: 0,
    stdout: `logic: ${name} would be rolled back to 1.0.0, after 1.1.0\n`,
  });
  // Logic sends it to services that do not have it.
  expect(await readdir(join(home.dir, "plugin-software", "archives", "peek-plugin-pump"))).toHaveLength(2);
  expect(await plugin("upgrade", `${name}@1.0.0`)).toMatchObject({
    stdout: expect.stringContaining("to 1.0.0, after 1.1.0"),
  });
  await using logic = await home.start();
  expect((await peek(base, "status")).stdout).toMatch(/ peek_plugin_pump +1\.0\.0 +started$/m);
  const upgraded = await plugin("upgrade", `${name}@1.1.0`);
  expect(upgraded, upgraded.stderr).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("1.0.0 (1) → 1.1.0 (2)"),
  });
  await logic.stop();
  expect(await plugin("remove", name, "--dry-run")).toMatchObject({
    stdout: expect.stringContaining(`logic: ${name} would be disabled and removed\n`),
  });
  expect(await plugin("remove", name)).toMatchObject({ code: 0 });
  expect(await readdir(join(home.dir, "plugin-software", "archives"))).toEqual([]);
});
