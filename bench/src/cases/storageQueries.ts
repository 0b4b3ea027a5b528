import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PluginStorage } from "@peek/plugin-base/storage";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { summarise } from "../statistics.ts";
import { type Contender, kyselyContender, type Operation, poolContender } from "../storage/Contender.ts";
import { itemMigration, type ItemTables } from "../storage/ItemTable.ts";
import { openStorage } from "../storage/openStorage.ts";
import { slice, type Slice } from "../storage/slice.ts";
import type { SuiteContext } from "../Suite.ts";
import { ratioOf, table, withSpread } from "../table.ts";

/** What is measured of a contender. */
interface Question {
  readonly title: string;
  readonly operation: Operation;
  readonly inFlight: number;
  readonly poolSize: number;
  /** What of a slice counts. */
  readonly figure: (slice: Slice) => number;
  readonly digits: number;
}

const perSecond = { figure: (slice: Slice): number => slice.perSecond, digits: 0 };
const medianMs = { figure: (slice: Slice): number => slice.medianMs, digits: 3 };

const questions: readonly Question[] = (["select", "insert"] as const).flatMap((operation): readonly Question[] => [
  { title: `${operation}, 8 in flight, 4 connections: per second`, operation, inFlight: 8, poolSize: 4, ...perSecond },
  { title: `${operation}, 8 in flight, 2 connections: per second`, operation, inFlight: 8, poolSize: 2, ...perSecond },
  { title: `${operation}, one at a time: ms, median`, operation, inFlight: 1, poolSize: 2, ...medianMs },
]);

/** How long a contender has the word; short, so that what else the machine does hits all alike. Milliseconds. */
const sliceMs = 60;
/** Turns in each of the runs. */
const turnsPerRun = 3;

const plugin = "peek_plugin_bench_queries";

/** `platform.storage` beside `pg`, which it is made of. */
export async function storageQueries(context: SuiteContext): Promise<string> {
  const { temp, runs, signal } = context;
  const migrationsDir = join(temp, "migrations");
  await mkdir(migrationsDir);
  await writeFile(join(migrationsDir, "0001_create_item.mjs"), itemMigration);
  await using held = new AsyncDisposableStack();
  const plugins = [{ name: plugin, version: "1.0.0", migrationsDir }];
  const contenders = new Map<number, readonly Contender[]>();
  for (const poolSize of new Set(questions.map((question) => question.poolSize))) {
    const embedded = contenders.size === 0 ? "start" : "find";
    const embeddedDir = join(temp, "postgresql");
    const config = { poolSize };
    const storage = held.use(await openStorage({ config, embedded, embeddedDir, plugins, signal }));
    await storage.migrate(plugin, signal);
    const entered = storage.enter(plugin);
    held.use(entered.connections);
    contenders.set(poolSize, await contendersOf(entered.storage, poolSize, held));
  }
  const slices = await takeTurns(contenders, runs * turnsPerRun, signal);
  const rows = questions.map((question) => {
    const [limit = [], ...others] = slices.get(question) ?? [];
    const summary = (values: readonly number[]): string => withSpread(summarise(values), question.digits);
    return [
      question.title,
      summary(limit),
      ...others.flatMap((values) => [
        summary(values),
        ratioOf(summarise(values.map((value, turn) => value / (limit[turn] ?? Number.NaN)))),
      ]),
    ];
  });
  const titles =
    contenders
      .values()
      .next()
      .value?.map(({ title }) => title) ?? [];
  const [limit = "", ...others] = titles;
  return `## Storage: queries

The embedded PostgreSQL as the logic service starts it: each insert is on the disk when it is answered. Everything is measured in
one process, by turns of ${sliceMs} ms; median (least–most) of ${runs * turnsPerRun} turns, and the median of the ratios of each turn.

${table(["", limit, ...others.flatMap((title) => [title, "× limit"])], rows)}`;
}

/** The limit first, all with so many connections to the same database, by the same role. */
async function contendersOf(
  storage: PluginStorage<ItemTables>,
  poolSize: number,
  held: AsyncDisposableStack,
): Promise<readonly Contender[]> {
  const config = await storage.withClient(async (client) => {
    if (!(client instanceof pg.Client)) throw new TypeError("The connection is not one of this pg");
    const { host, port, user, password, database } = client;
    return { host, port, user, password, database, options: `-c search_path=${storage.schema}`, max: poolSize };
  });
  const [bare, underKysely] = [new pg.Pool(config), new pg.Pool(config)];
  held.defer(() => bare.end());
  const kysely = new Kysely<ItemTables>({ dialect: new PostgresDialect({ pool: underKysely }) });
  held.defer(() => kysely.destroy());
  return [
    poolContender("`pg.Pool` (the limit)", bare),
    kyselyContender("**Peek, `platform.storage`**", storage.db),
    kyselyContender("Kysely's own dialect on `pg.Pool`", kysely),
  ];
}

/** Asks all questions again and again. @returns By question, and contender: what each turn gave. */
async function takeTurns(
  contenders: ReadonlyMap<number, readonly Contender[]>,
  turns: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<Question, readonly (readonly number[])[]>> {
  const figures = new Map(questions.map((question) => [question, new Array<number[]>()]));
  for (let turn = 0; turn <= turns; turn += 1) {
    if (turn % turnsPerRun === 0) console.error(`Storage, queries: turn ${turn} of ${turns}`);
    for (const question of questions) {
      const among = contenders.get(question.poolSize) ?? [];
      // Another begins each time: none always comes after the same one.
      for (let offset = 0; offset < among.length; offset += 1) {
        signal.throwIfAborted();
        const at = (turn + offset) % among.length;
        const work = among[at]?.operations[question.operation];
        if (work === undefined) throw new Error("Nobody to ask");
        const measured = await slice(work, question.inFlight, sliceMs);
        // The first turn warms up.
        if (turn > 0) ((figures.get(question) ?? [])[at] ??= []).push(question.figure(measured));
      }
    }
  }
  return figures;
}
