import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { peek } from "./peekCommand.ts";
import { pump, pumpArchive, type PumpVersion } from "./pumpArchive.ts";
import { RunningProcess } from "./RunningProcess.ts";
import { TestHome } from "./TestHome.ts";
import { workspaceDir } from "./workspace.ts";

/** The steps of an upgrade at which the database is killed; `migrate` is in the middle of a migration. */
export const databaseKillSteps = ["prepare", "stop", "migrate", "load", "start", "probe"] as const;
type DatabaseKillStep = (typeof databaseKillSteps)[number];

/** One upgrade during which the database was killed, and its outcome. */
export interface KilledDatabase {
  /** The exit code of the command, and its output. */
  readonly code: number | null;
  readonly output: string;
  readonly from: string;
  readonly to: string;
  /** The version that runs in the end. */
  readonly version: string;
  /** How many migrations the database has, and how many the new version has. */
  readonly applied: number;
  readonly wanted: number;
  /** How many rows the table has, and how many were committed. */
  readonly rows: number;
  readonly committed: number;
  /** The entries of the journal that are left. */
  readonly journals: number;
}

/** Logic with the embedded database, and a plugin of which each version has one more migration. */
export class UpgradedTables implements AsyncDisposable {
  readonly #home: TestHome;
  readonly #owned: AsyncDisposableStack;
  /** The number of the version that was installed last. */
  #number = -1;
  #committed = 0;

  private constructor(home: TestHome, owned: AsyncDisposableStack) {
    this.#home = home;
    this.#owned = owned;
  }

  /** Starts logic with the first version. */
  static async start(): Promise<UpgradedTables> {
    await using owned = new AsyncDisposableStack();
    const home = owned.use(await TestHome.with({ plugin: { deadlines: { probeSeconds: 1 } } }));
    owned.use(await home.start());
    const tables = new UpgradedTables(home, owned.move());
    const { code, stderr } = await peek(home.base, "plugin", "install", await tables.#nextArchive());
    if (code !== 0) throw new Error(stderr);
    return tables;
  }

  /** Upgrades to the next version, kills the database at a step of it, and waits until the plugin runs again. */
  async kill(step: DatabaseKillStep): Promise<KilledDatabase> {
    const from = await this.#running();
    await this.#insert();
    const archive = await this.#nextArchive();
    const to = `1.${this.#number}.0`;
    const hold = this.#holdOf(step, step === "stop" ? from : to);
    writeFileSync(hold, "");
    const upgrading = this.#owned.use(
      new RunningProcess(join(workspaceDir, "packages", "cli", "bin", "peek"), {
        args: ["plugin", "upgrade", archive],
        env: { PEEK_HOME: this.#home.base },
      }),
    );
    if (step === "migrate") await this.#until(() => existsSync(`${hold}-reached`));
    else await upgrading.waitForError(new RegExp(`logic-\\w+: ${step}$`));
    process.kill(await this.#databasePid(), "SIGKILL");
    rmSync(hold);
    const { code } = await upgrading.ended;
    const version = await this.#running();
    const [applied, rows] = await this.#counts();
    return {
      code,
      output: upgrading.lines.join("\n"),
      from,
      to,
      version,
      applied,
      wanted: this.#number + 1,
      rows,
      committed: this.#committed,
      journals: this.#journals(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  /** Packs the next version: 1.N.0 has N + 1 migrations. */
  async #nextArchive(): Promise<string> {
    this.#number += 1;
    const version = `1.${this.#number}.0`;
    return await pumpArchive(this.#home.base, { version, services: ["logic"], ...this.#parts(version) });
  }

  #parts(version: string): Omit<PumpVersion, "version"> {
    const at = (step: string): string => {
      const hold = this.#holdOf(step, version);
      return `await wait(${JSON.stringify(hold)});`;
    };
    const wait = `import { existsSync, writeFileSync } from "node:fs";
      const wait = async (file) => {
        if (existsSync(file)) writeFileSync(file + "-reached", "");
        while (existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10));
      };`;
    const add = (number: number): string =>
      `const { existsSync, writeFileSync } = await import("node:fs");
       await sql.raw("ALTER TABLE pump ADD COLUMN level${number} int").execute(db);
       const hold = ${JSON.stringify(this.#holdOf("migrate", `1.${number}.0`))};
       if (existsSync(hold)) writeFileSync(hold + "-reached", "");
       while (existsSync(hold)) await new Promise((resolve) => setTimeout(resolve, 10));
       await sql\`SELECT count(*) FROM pump\`.execute(db);`;
    const columns = Array.from({ length: this.#number }, (_, index) => add(index + 1));
    return {
      top: `${wait}\n${at("prepare")}`,
      load: at("load"),
      start: `${at("start")} await this.platform.storage.db.selectFrom("pump").select("id").execute();`,
      stop: at("stop"),
      migrations: ["await sql`CREATE TABLE pump (id int)`.execute(db);", ...columns],
    };
  }

  #holdOf(step: string, version: string): string {
    return join(this.#home.base, `hold-${step}-${version}`);
  }

  /** Waits until the plugin runs, and no change is being made. @returns Its version. */
  async #running(): Promise<string> {
    for (;;) {
      const { stdout } = await peek(this.#home.base, "status", "--json");
      const [observed] = (stdout === "" ? [] : JSON.parse(stdout)) as readonly {
        readonly status?: {
          readonly change?: object;
          readonly plugins: readonly { readonly name: string; readonly version?: string; readonly state: string }[];
        };
      }[];
      const found = observed?.status?.plugins.find(({ name }) => name === pump);
      if (found?.state === "started" && observed?.status?.change === undefined) return found.version ?? "";
      await setTimeout(100);
    }
  }

  async #until(isDone: () => boolean): Promise<void> {
    while (!isDone()) await setTimeout(10);
  }

  async #databasePid(): Promise<number> {
    const text = await readFile(join(this.#home.dir, "postgresql", "data", "postmaster.pid"), "utf8");
    return Number(text.split("\n")[0]);
  }

  async #insert(): Promise<void> {
    await this.#query("INSERT INTO pl_pump.pump (id) VALUES (1)");
    this.#committed += 1;
  }

  async #counts(): Promise<readonly [number, number]> {
    const [row] = await this.#query<{ applied: number; rows: number }>(
      `SELECT (SELECT count(*)::int FROM peek_platform.migration WHERE plugin = '${pump}') AS applied,
        (SELECT count(*)::int FROM pl_pump.pump) AS rows`,
    );
    return [row?.applied ?? 0, row?.rows ?? 0];
  }

  async #query<Row extends object>(statement: string): Promise<readonly Row[]> {
    const dir = join(this.#home.dir, "postgresql");
    const text = readFileSync(join(dir, "connection.json"), "utf8");
    const password = String(Reflect.get(Object(JSON.parse(text)), "password"));
    const client = await connected({ host: dir, user: "peek", password, database: "peek" });
    try {
      return (await client.query<Row>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  #journals(): number {
    const dir = join(this.#home.dir, "plugin-software", "journal");
    return existsSync(dir) ? readdirSync(dir).length : 0;
  }
}

/** Connects as soon as the database has been started again. */
async function connected(config: pg.ClientConfig): Promise<pg.Client> {
  for (;;) {
    const client = new pg.Client(config);
    try {
      await client.connect();
      return client;
    } catch {
      await setTimeout(50);
    }
  }
}
