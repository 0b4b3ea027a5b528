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

/** A measurement of the contenders. */
interface Question {
  readonly title: string;
  readonly operation: Operation;
  readonly inFlight: number;
  readonly poolSize: number;
  /** The relevant figure of a slice. */
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

/** The duration of a contender's slice; short, so that other load of the machine affects all alike. */
const sliceMs = 60;
/** Rounds in each of the runs. */
const roundsPerRun = 3;

const plugin = "peek_plugin_bench_queries";

/** `platform.storage` compared with `pg`, on which it is built. */
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
    const entered = storage.openPluginStorage(plugin);
    held.use(entered.connections);
    contenders.set(poolSize, await contendersOf(entered.storage, poolSize, held));
  }
  const slices = await takeTurns(contenders, runs * roundsPerRun, signal);
  const rows = questions.map((question) => {
    const [limit = [], ...others] = slices.get(question) ?? [];
    const summary = (values: readonly number[]): string => withSpread(summarise(values), question.digits);
    return [
      question.title,
      summary(limit),
      ...others.flatMap((values) => [
        summary(values),
        ratioOf(summarise(values.map((value, round) => value / (limit[round] ?? Number.NaN)))),
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

The embedded PostgreSQL with the logic service's settings: each insert is on the disk when it is answered. All cases run in
one process, in alternating rounds of ${sliceMs} ms; median (least–most) of ${runs * roundsPerRun} rounds, and the median of the ratios of each round.

${table(["", limit, ...others.flatMap((title) => [title, "× limit"])], rows)}`;
}

/** The limit first, all with the same number of connections to the same database, by the same role. */
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

/** Runs all queries repeatedly. @returns The results of each round by query and contender. */
async function takeTurns(
  contenders: ReadonlyMap<number, readonly Contender[]>,
  rounds: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<Question, readonly (readonly number[])[]>> {
  const figures = new Map(questions.map((question) => [question, new Array<number[]>()]));
  for (let round = 0; round <= rounds; round += 1) {
    if (round % roundsPerRun === 0) console.error(`Storage, queries: round ${round} of ${rounds}`);
    for (const question of questions) {
      const among = contenders.get(question.poolSize) ?? [];
      // Another contender begins each time, so that none always follows the same one.
      for (let offset = 0; offset < among.length; offset += 1) {
        signal.throwIfAborted();
        const at = (round + offset) % among.length;
        const work = among[at]?.operations[question.operation];
        if (work === undefined) throw new Error("Nobody to ask");
        const measured = await slice(work, question.inFlight, sliceMs);
        // The first round warms up.
        if (round > 0) ((figures.get(question) ?? [])[at] ??= []).push(question.figure(measured));
      }
    }
  }
  return figures;
}
