import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openTestDatabase, type TestDatabase } from "@peek/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peek } from "./src/peekCommand.ts";
import type { RunningProcess } from "./src/RunningProcess.ts";
import { storagePlugin } from "./src/storagePlugin.ts";
import { TestHome } from "./src/TestHome.ts";

const pump = "peek_plugin_pump";

interface Step {
  readonly up: string;
  readonly down?: string;
}

const create: Step = { up: "CREATE TABLE pump (id int)", down: "DROP TABLE pump" };
const expand: Step = { up: "ALTER TABLE pump ADD COLUMN level int", down: "ALTER TABLE pump DROP COLUMN level" };
const contract: Step = { up: "ALTER TABLE pump DROP COLUMN id" };

function codeOf({ up, down }: Step): string {
  const run = (name: string, sql: string): string =>
    `export async function ${name}(db) { await sql.raw(${JSON.stringify(sql)}).execute(db); }\n`;
  return `import { sql } from "@peek/plugin-base/storage";\n${run("up", up)}${down === undefined ? "" : run("down", down)}`;
}

describe("a change to a version with other migrations, while logic runs", () => {
  const owned = new AsyncDisposableStack();
  let database: TestDatabase;
  let home: TestHome;
  let logic: RunningProcess;

  beforeAll(async () => {
    database = owned.use(await openTestDatabase());
    const config = { storage: { connectUrl: database.connectUrl }, plugin: { deadlines: { probeSeconds: 0.2 } } };
    home = owned.use(
      await TestHome.with(config, [storagePlugin({ name: pump, migrations: ["SELECT 1"], body: "start() {/**/}" })]),
    );
    await install("1.0.0", [create]);
    logic = owned.use(await home.start());
  });

  afterAll(() => owned.disposeAsync());

  /** Puts a version in the place of the installed one. */
  async function install(version: string, steps: readonly Step[], start = ""): Promise<void> {
    const dir = join(home.dir, "plugin-software/node_modules/peek-plugin-pump");
    for (const name of ["package.json", "plugin_package.json"]) {
      const text = await readFile(join(dir, name), "utf8");
      await writeFile(join(dir, name), text.replace(/"version":"[\d.]+"/, `"version":"${version}"`));
    }
    await rm(join(dir, "migrations"), { recursive: true });
    await mkdir(join(dir, "migrations"));
    for (const [index, step] of steps.entries())
      await writeFile(join(dir, `migrations/000${index + 1}_step.js`), codeOf(step));
    const entry = join(dir, "index.js");
    const index = (await readFile(entry, "utf8")).replace(/\/\*.*/, `/**/ ${start} }`);
    await writeFile(entry, index);
  }

  const reload = (...args: readonly string[]) => peek(home.base, "plugin", "reload", pump, ...args);

  async function columns(): Promise<readonly unknown[]> {
    const sql = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'pl_pump' ORDER BY 1";
    return (await database.query(sql)).map((row) => row["column_name"]);
  }

  it("shows and tries the migrations in a dry run, and says which one cannot be undone", async () => {
    await install("1.1.0", [create, expand, contract]);
    const { code, stdout, stderr } = await reload("--dry-run");
    expect(code, stderr).toBe(0);
    expect(stdout.replaceAll(/logic-\w+/g, "logic")).toBe(
      [
        "logic: not changed; the change stops peek_plugin_pump",
        "logic: 0002_step would be applied:",
        "  ALTER TABLE pump ADD COLUMN level int;",
        "logic: 0003_step would be applied; it has no down(), so that no version without it can run afterwards:",
        "  ALTER TABLE pump DROP COLUMN id;",
        "",
      ].join("\n"),
    );
    expect(await columns()).toEqual(["id"]);
    const { services } = JSON.parse((await reload("--dry-run", "--json")).stdout) as { services: readonly object[] };
    expect(services).toMatchObject([{ migrations: [{ isReversible: true }, { isReversible: false }] }]);
  });

  it("refuses in a dry run what would fail", async () => {
    await install("1.1.0", [create, { up: "ALTER TABLE pmup ADD COLUMN level int" }]);
    expect(await reload("--dry-run")).toMatchObject({
      code: 78,
      stdout: expect.stringMatching(/MIGRATION_FAILED.*pmup/),
    });
  });

  it("applies the migrations, and goes back to a version without them where they have down()", async () => {
    await install("1.1.0", [create, expand]);
    expect(await reload()).toMatchObject({ code: 0, stdout: expect.stringContaining("done, 1.0.0 (1) → 1.1.0") });
    await install("1.0.0", [create]);
    expect(await reload()).toMatchObject({ code: 0, stdout: expect.stringMatching(/done, 1\.1\.0 \(\d\) → 1\.0\.0/) });
    expect(await columns()).toEqual(["id", "level"]);
    await logic.waitFor(/WARNING .*version 1\.0\.0 lacks the migrations 0002_step, which stay applied/);
  });

  it("brings the version before back also where a migration cannot be undone, and starts it the next time", async () => {
    await install("1.2.0", [create, expand, contract], `throw new Error("the valve is stuck");`);
    const reverted = await reload();
    expect(reverted, reverted.stderr).toMatchObject({
      code: 75,
      stdout: expect.stringMatching(/the valve is stuck\. Version 1\.0\.0 runs again/),
    });
    expect(await columns()).toEqual(["level"]);
    await install("1.0.0", [create]);
    expect((await reload()).code).toBe(0);
    await logic.stop();
    logic = owned.use(await home.start());
    await logic.waitFor(/:Ready in .* 1 plugin started$/);
  });

  it("refuses a version without a migration that cannot be undone, and stops nothing", async () => {
    const more: Step = { up: "ALTER TABLE pump ADD COLUMN flow int NOT NULL" };
    await install("1.3.0", [create, expand, contract, more]);
    expect((await reload()).code).toBe(0);
    await install("1.2.0", [create, expand, contract]);
    const refused = await reload();
    expect(refused.code).toBe(78);
    expect(refused.stdout).toMatch(
      /^logic-\w+: refused, .*: MIGRATION_NEWER, .* has 0004_step, applied until .* by version 1\.3\.0/,
    );
    expect((await peek(home.base, "status")).stdout).toMatch(/ peek_plugin_pump +1\.3\.0 .*started/);
  });
});
