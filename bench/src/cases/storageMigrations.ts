import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EmbeddedServer } from "@peek/storage";
import pg from "pg";
import { Child } from "../Child.ts";
import { generatePeekHome } from "../generate/peekHome.ts";
import { generateStoragePlugins, migrationStatements } from "../generate/storagePlugins.ts";
import { limitScript, serviceBin } from "../paths.ts";
import { summarise } from "../statistics.ts";
import { silentLogger } from "../storage/silentLogger.ts";
import type { SuiteContext } from "../Suite.ts";
import { ratioOf, table, withSpread } from "../table.ts";

const pluginCount = 100;
/** Few, since each run takes seconds. */
const mostRuns = 3;

const rows = {
  bare: "`pg` on one connection: the same SQL in as many transactions, one after the other (the limit)",
  allNew: "**Peek, `Storage`** opened, all migrations new",
  noneNew: "the same, none new",
  logicAllNew: "**Peek, logic service**, from its start until the plugins are started: all migrations new",
  logicNoneNew: "the same, none new",
  logicBare: "the same without plugins, and so without the database",
};

type RowName = keyof typeof rows;

/** The result of one run of a row. */
interface Figure {
  readonly ms: number;
  readonly queries?: number;
}

/** Many plugins with migrations. */
export async function storageMigrations(context: SuiteContext): Promise<string> {
  const { temp, signal } = context;
  const runs = Math.min(context.runs, mostRuns);
  const softwareDir = join(temp, "software");
  const plugins = await generateStoragePlugins(softwareDir, pluginCount);
  await using server = await EmbeddedServer.open({
    dir: join(temp, "postgresql"),
    logger: silentLogger,
    // The number that the logic service would configure.
    maxConnections: 2 * 2 * pluginCount + 20,
  });
  const figures = new Map<RowName, Figure[]>();
  for (let round = 0; round <= runs; round += 1) {
    console.error(`Storage, migrations: ${round === 0 ? "warming up" : `round ${round} of ${runs}`}`);
    const measure = async (name: RowName, work: Promise<Figure>): Promise<void> => {
      const figure = await work;
      if (round > 0) figures.set(name, [...(figures.get(name) ?? []), figure]);
    };
    const bareUrl = await makeDatabase(server, `bare_${round}`);
    const schemas = plugins.map(({ name }) => name);
    await measure(
      "bare",
      runChild("bareMigrations", { connectUrl: bareUrl, schemas, statements: migrationStatements }, context),
    );
    const peekUrl = await makeDatabase(server, `peek_${round}`);
    await measure("allNew", runChild("migrateAll", { connectUrl: peekUrl, plugins }, context));
    await measure("noneNew", runChild("migrateAll", { connectUrl: peekUrl, plugins }, context));
    const logicUrl = await makeDatabase(server, `logic_${round}`);
    const peekHome = join(temp, "logic");
    await generatePeekHome(peekHome, {
      plugin: { enabled: plugins.map(({ name }) => name), softwarePath: softwareDir },
      storage: { connectUrl: logicUrl },
    });
    await measure("logicAllNew", runLogic(peekHome, pluginCount, signal));
    await measure("logicNoneNew", runLogic(peekHome, pluginCount, signal));
    const without = join(temp, "without");
    await generatePeekHome(without, { plugin: { enabled: [] } });
    await measure("logicBare", runLogic(without, 0, signal));
  }
  const limit = figures.get("bare") ?? [];
  const body = Object.entries(rows).map(([name, title]) => {
    const measured = figures.get(name as RowName) ?? [];
    const queries = measured[0]?.queries;
    return [
      title,
      withSpread(summarise(measured.map(({ ms }) => ms))),
      queries === undefined ? "" : String(queries),
      ratioOf(summarise(measured.map(({ ms }, round) => ms / (limit[round]?.ms ?? Number.NaN)))),
    ];
  });
  return `## Storage: ${pluginCount} plugins with ${migrationStatements.length} migrations each

Milliseconds, median (least–most) of ${runs} runs, on a running embedded PostgreSQL, in a new database each: every migration
is on the disk before the next of its plugin. For \`pg\` and \`Storage\`, the time within their process; \`pg\` makes the schemas too, but no
roles, and records nothing. Queries are counted in the process, statements sent together as one.

${table(["", "ms", "queries", "× limit"], body)}`;
}

/** Makes an empty database. @returns Its URL. */
async function makeDatabase({ connection }: EmbeddedServer, name: string): Promise<string> {
  const client = new pg.Client({ ...connection });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const { host, port, user, password } = connection;
  return `postgresql://${user}:${password}@/${name}?host=${encodeURIComponent(host)}&port=${port}`;
}

async function runChild(script: string, input: unknown, { temp, signal }: SuiteContext): Promise<Figure> {
  const file = join(temp, `${script}.json`);
  await writeFile(file, JSON.stringify(input));
  const env = { NODE_COMPILE_CACHE: join(temp, `${script}.cache`) };
  await using child = new Child({ args: [limitScript(script), file], env, signal });
  const { match } = await child.line(/^Migrated in ([\d.]+) ms: \d+ migrations, (\d+) queries$/);
  await child.exit();
  const queries = Number(match[2]);
  return { ms: Number(match[1]), ...(queries > 0 && { queries }) };
}

async function runLogic(peekHome: string, count: number, signal: AbortSignal): Promise<Figure> {
  await using child = new Child({ args: [serviceBin("logic")], env: { PEEK_HOME: peekHome }, signal });
  const { afterMs, match } = await child.line(/:Ready in \d+ ms, .*: (.*)$/);
  if (count > 0 && match[1] !== `${count} plugins started`) throw new Error(`Of ${count} plugins: ${match[1]}`);
  return { ms: afterMs };
}
