import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./src/freePort.ts";
import { peek } from "./src/peekCommand.ts";
import { pump, pumpArchive } from "./src/pumpArchive.ts";
import { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { workspaceDir } from "./src/workspace.ts";

/** The new generations are watched for a moment only: these tests do not wait for it. */
const briefProbe = { deadlines: { probeSeconds: 0.2 } };

describe("one command changes the version of a plugin on all running services", () => {
  const owned = new AsyncDisposableStack();
  let base: string;
  let homes: readonly TestHome[];
  let fieldHome: TestHome;
  let logic: RunningProcess;
  let field: RunningProcess;

  beforeAll(async () => {
    const port = await freePort();
    const logicHome = owned.use(
      await TestHome.with({ httpServer: { dataExchange: { sitePort: port } }, plugin: briefProbe }),
    );
    fieldHome = await logicHome.beside("field", {
      dataExchange: { httpPort: port },
      plugin: briefProbe,
      logging: { logToFile: false },
    });
    homes = [logicHome, fieldHome];
    base = logicHome.base;
    logic = owned.use(await logicHome.start());
    field = owned.use(await fieldHome.start());
    await field.waitFor(/Connected to the logic service/);
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  const plugin = (...args: readonly string[]) => peek(base, "plugin", ...args);
  const command = (...args: readonly string[]): RunningProcess =>
    owned.use(
      new RunningProcess(join(workspaceDir, "packages", "cli", "bin", "peek"), {
        args: ["plugin", ...args],
        env: { PEEK_HOME: base },
      }),
    );
  /** The versions that run, by service. */
  const running = async (): Promise<Readonly<Record<string, string>>> => {
    const observed = JSON.parse((await peek(base, "status", "--json")).stdout) as {
      peer: { service: string };
      status: { plugins: { name: string; version: string; state: string }[] };
    }[];
    return Object.fromEntries(
      observed.map(({ peer, status }) => {
        const { version, state } = status.plugins.find(({ name }) => name === pump) ?? {};
        return [peer.service, version === undefined ? "none" : `${version} ${state}`];
      }),
    );
  };
  /** The versions on the disk of each service: the current one and all installed ones, and the archives and drafts of logic. */
  const onDisk = (): unknown =>
    homes.map((home) => {
      const software = join(home.dir, "plugin-software");
      const namesIn = (...path: readonly string[]): readonly string[] => {
        const dir = join(software, ...path);
        return existsSync(dir)
          ? readdirSync(dir)
              .map((name) => name.replace(/-[0-9a-f]{12}/, ""))
              .sort()
          : [];
      };
      const link = join(software, "current", "peek-plugin-pump", "package.json");
      const current = existsSync(link)
        ? (JSON.parse(readFileSync(link, "utf8")) as { version: string }).version
        : "none";
      const archives = namesIn("archives", "peek-plugin-pump");
      const drafts = namesIn("archives").filter((name) => name !== "peek-plugin-pump");
      return {
        current,
        versions: namesIn("versions", "peek-plugin-pump"),
        archives,
        drafts,
        journal: namesIn("journal"),
      };
    });

  it("installs a plugin that no service has, and enables it", async () => {
    const one = await pumpArchive(base, { version: "1.0.0" });
    const tried = await plugin("install", one, "--dry-run");
    expect(tried, tried.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^logic-\w+: not changed/) });
    expect(onDisk()).toMatchObject([
      { current: "none", versions: [], archives: [] },
      { current: "none", versions: [] },
    ]);
    const { code, stdout, stderr } = await plugin("install", one);
    expect({ code, stdout }, stderr).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^logic-\w+: done, not enabled → 1\.0\.0 \(\d\)\nfield-\w+: done, .* → 1\.0\.0 \(\d\)\n$/,
      ),
    });
    expect(stderr).toMatch(/getting 1\.0\.0-[0-9a-f]{12} on logic-\w+, field-\w+\n/);
    expect(await running()).toEqual({ logic: "1.0.0 started", field: "1.0.0 started" });
    for (const home of homes) expect(await home.readConfig()).toContain(pump);
  });

  it("upgrades logic, then field, and rolls back field, then logic", async () => {
    const two = await pumpArchive(base, { version: "1.1.0" });
    const upgraded = await plugin("upgrade", two);
    expect(upgraded, upgraded.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^logic-\w+: done, 1\.0\.0 \(\d\) → 1\.1\.0 \(\d\)\nfield-\w+: done, 1\.0\.0 \(\d\) → 1\.1\.0 \(\d\)\n$/,
      ),
    });
    expect(await running()).toEqual({ logic: "1.1.0 started", field: "1.1.0 started" });
    await logic.waitFor(
      /upgrade of peek_plugin_pump by \S+ on \S+ done in \d+ ms \(logic-\w+ done 1\.0\.0 → 1\.1\.0, field-/,
    );
    const again = await plugin("upgrade", two);
    expect(again, again.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^logic-\w+: runs the version already\nfield-\w+: runs the version already\n$/),
    });
    const back = await plugin("rollback", pump);
    expect(back, back.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^field-\w+: done, 1\.1\.0 \(\d\) → 1\.0\.0 \(\d\)\nlogic-\w+: done, .* → 1\.0\.0 /,
      ),
    });
    expect(onDisk()).toMatchObject([
      { current: "1.0.0", versions: ["1.0.0", "1.1.0"], archives: ["1.0.0.tgz", "1.1.0.tgz"], drafts: [], journal: [] },
      { current: "1.0.0", versions: ["1.0.0", "1.1.0"], journal: [] },
    ]);
    const named = await plugin("upgrade", `${pump}@1.1.0`, "--json");
    expect(named.code, named.stderr).toBe(0);
    expect(JSON.parse(named.stdout)).toMatchObject({ kind: "upgrade", outcome: "done", version: "1.1.0" });
    expect((await plugin("history")).stdout).toMatch(
      / rollback +peek_plugin_pump +1\.1\.0 → 1\.0\.0 .* field-\w+ done, logic-\w+ done$/m,
    );
  });

  it("refuses an older version, and an archive that a service cannot import, and nothing has changed", async () => {
    const before = onDisk();
    const old = await pumpArchive(base, { version: "0.9.0" });
    expect(await plugin("upgrade", old)).toMatchObject({
      code: 78,
      stderr: expect.stringContaining("older than the current"),
    });
    const top = `if (process.argv.join(" ").includes("field")) throw new Error("No valve is here.");`;
    const broken = await pumpArchive(base, { version: "1.2.0", top });
    const { code, stdout, stderr } = await plugin("upgrade", broken);
    expect(code, stderr).toBe(78);
    expect(stdout).toMatch(/logic-\w+: not changed[^]*field-\w+: refused.*No valve is here/);
    expect(await running()).toEqual({ logic: "1.1.0 started", field: "1.1.0 started" });
    expect(onDisk()).toEqual(before);
  });

  it("brings logic back to the version before when field fails", async () => {
    const start = `if (this.service === "field") throw new Error("The pump is stuck.");`;
    const { code, stdout, stderr } = await plugin("upgrade", await pumpArchive(base, { version: "1.2.0", start }));
    expect(code, stderr).toBe(75);
    expect(stdout).toMatch(
      /logic-\w+: reverted, 1\.1\.0 \(\d+\) → 1\.1\.0 \(\d+\)\nfield-\w+: reverted, .*The pump is stuck/,
    );
    expect(stderr).toMatch(/peek: upgrade reverted: field-\w+: .*The pump is stuck/);
    expect((await plugin("history")).stdout).toMatch(/ upgrade +peek_plugin_pump +1\.1\.0 → 1\.2\.0 .* reverted: /);
    expect(await running()).toEqual({ logic: "1.1.0 started", field: "1.1.0 started" });
    expect(onDisk()).toMatchObject([
      { current: "1.1.0", journal: [] },
      { current: "1.1.0", journal: [] },
    ]);
  });

  it("refuses a damaged or missing archive, and a change for which a service has no room, and nothing has changed", async () => {
    const before = onDisk();
    const file = await pumpArchive(base, { version: "1.3.0" });
    const damaged = join(base, "damaged.tgz");
    await writeFile(damaged, (await readFile(file)).subarray(0, 400));
    expect(await plugin("upgrade", damaged)).toMatchObject({ code: 78, stdout: "" });
    const missing = await plugin("upgrade", join(base, "missing.tgz"));
    expect(missing).toMatchObject({ code: 78, stderr: expect.stringContaining("cannot be read") });
    // A file above the limit fails to be written as on a full disk.
    spawnSync("prlimit", [`--pid=${field.pid}`, "--fsize=150:"]);
    const { code, stdout, stderr } = await plugin("upgrade", file);
    spawnSync("prlimit", [`--pid=${field.pid}`, "--fsize=unlimited:"]);
    expect(code, stderr).toBe(78);
    expect(stdout).toMatch(/logic-\w+: not changed\nfield-\w+: refused: PLUGIN_SOFTWARE_FULL, .*the disk is full/);
    expect(onDisk()).toEqual(before);
  });

  it("cancels an upgrade that is interrupted while services prepare it", async () => {
    const before = onDisk();
    const gate = join(base, "import-gate");
    const top = `import { existsSync } from "node:fs";
      while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 20));`;
    const upgrading = command("upgrade", await pumpArchive(base, { version: "1.5.0", top }));
    await upgrading.waitForError(/field-\w+: prepare$/);
    upgrading.kill("SIGINT");
    expect((await upgrading.ended).code).toBe(130);
    await writeFile(gate, "");
    await logic.waitFor(/upgrade of peek_plugin_pump by .* refused .*CHANGE_CANCELLED/);
    expect((await plugin("reload", pump)).code).toBe(0);
    expect(onDisk()).toEqual(before);
  });

  it("removes the plugin from all services, and keeps its data unless it is to be deleted", async () => {
    const data = join(fieldHome.dir, "plugin-data", pump);
    await mkdir(data, { recursive: true });
    const { code, stdout, stderr } = await plugin("remove", pump);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/logic-\w+: removed 1\.\d\.0-/);
    expect(stdout).toMatch(/Kept: its tables, the schema pl_pump of the database.*DROP SCHEMA pl_pump CASCADE/);
    expect(await running()).toEqual({ logic: "none", field: "none" });
    expect(onDisk()).toMatchObject([
      { current: "none", versions: [], archives: [] },
      { current: "none", versions: [] },
    ]);
    expect(stdout).toMatch(new RegExp(`field-\\w+: ${data} kept`));
    expect(await plugin("remove", pump)).toMatchObject({ code: 78, stdout: "" });
    expect(await plugin("install", await pumpArchive(base, { version: "1.0.0" }))).toMatchObject({ code: 0 });
    expect(await plugin("remove", pump, "--purge-data")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("add --yes to confirm"),
    });
    expect(await running()).toEqual({ logic: "1.0.0 started", field: "1.0.0 started" });
    const purged = await plugin("remove", pump, "--purge-data", "--yes");
    expect(purged, purged.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining(`${data} deleted`) });
    expect(existsSync(data)).toBe(false);
  });
});

it("services that share one folder of plugins change their versions one after the other, and go back together", async () => {
  const port = await freePort();
  await using logicHome = await TestHome.make();
  const { base } = logicHome;
  const plugin = { ...briefProbe, softwarePath: join(base, "shared-software") };
  await logicHome.beside("logic", { httpServer: { dataExchange: { sitePort: port } }, plugin });
  const fieldHome = await logicHome.beside("field", { dataExchange: { httpPort: port }, plugin });
  await using logic = await logicHome.start();
  await using field = await fieldHome.start();
  await field.waitFor(/Connected to the logic service/);
  const change = (...args: readonly string[]) => peek(base, "plugin", ...args);
  const current = (): unknown =>
    JSON.parse(readFileSync(join(plugin.softwarePath, "current", "peek-plugin-pump", "package.json"), "utf8"));
  expect(await change("install", await pumpArchive(base, { version: "1.0.0" }))).toMatchObject({ code: 0 });
  const upgraded = await change("upgrade", await pumpArchive(base, { version: "1.1.0" }));
  expect(upgraded, upgraded.stderr).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/logic-.*1\.1\.0[^]*field-.*1\.1\.0/),
  });
  const start = `if (this.service === "field") throw new Error("The pump is stuck.");`;
  const failed = await change("upgrade", await pumpArchive(base, { version: "1.2.0", start }));
  expect(failed, failed.stderr).toMatchObject({
    code: 75,
    stdout: expect.stringMatching(/logic-\w+: reverted[^]*field-\w+: reverted/),
  });
  expect(current()).toMatchObject({ version: "1.1.0" });
  expect(readdirSync(join(plugin.softwarePath, "journal"))).toEqual([]);
  const back = await change("rollback", pump);
  expect(back, back.stderr).toMatchObject({ code: 0 });
  expect(current()).toMatchObject({ version: "1.0.0" });
  const removed = await change("remove", pump);
  expect(removed, removed.stderr).toMatchObject({ code: 0 });
  expect([await field.stop(), await logic.stop()]).toEqual([
    { code: 0, signal: null },
    { code: 0, signal: null },
  ]);
});
