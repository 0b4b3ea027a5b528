import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "../Child.ts";
import { liveSchema } from "../live/generateLivePlugin.ts";
import { LiveServices } from "../live/LiveServices.ts";
import { type LiveDatabase, openLiveDatabase } from "../live/openLiveDatabase.ts";
import { ratioTable } from "../live/ratioTable.ts";
import { readFigures } from "../live/readFigures.ts";
import { limitScript, peerScript } from "../paths.ts";
import { roundRobin } from "../roundRobin.ts";
import type { Case, Suite, SuiteContext } from "../Suite.ts";

/** Milliseconds from the request to commit until the watcher is notified of the row. */
type DelayMetric = "p50" | "p99";

/** Committed transactions. */
type WriteMetric = "perSecond";

/** The number of measured commits, 100 in a second, after a second to warm up. */
const commits = 500;
const writers = 32;
/** The duration of the measurement, after a quarter of it to warm up. */
const sliceMs = 2000;

/** Settings that logical replication needs. */
const settings = { wal_level: "logical", max_wal_senders: "10", max_replication_slots: "100" };

/** Tables like those of the plugin: one with a trigger that notifies of its rows, and one that is replicated. */
const otherTables = `
create schema bench;
create function bench.tell_sample() returns trigger language plpgsql as
  $$ begin perform pg_notify('bench_change', new.id || ' ' || new.value); return null; end $$;
create function bench.tell_entry() returns trigger language plpgsql as
  $$ begin perform pg_notify('bench_change', new.id || ' 0'); return null; end $$;
create table bench.notified_sample (like ${liveSchema}.sample including all);
create table bench.replicated_sample (like ${liveSchema}.sample including all);
insert into bench.notified_sample select * from ${liveSchema}.sample;
insert into bench.replicated_sample select * from ${liveSchema}.sample;
create table bench.notified_entry (like ${liveSchema}.quiet including all);
create table bench.replicated_entry (like ${liveSchema}.quiet including all);
create trigger tell after update on bench.notified_sample for each row execute function bench.tell_sample();
create trigger tell after insert on bench.notified_entry for each row execute function bench.tell_entry();
create publication bench for table bench.replicated_sample, bench.replicated_entry;`;

/** The delay from a commit in the database to browsers, and the cost for writers. */
export const liveCommits: Suite = async (context) => {
  const { temp, runs, signal } = context;
  await using database = await openLiveDatabase(join(temp, "postgresql"), settings);
  const { connectUrl } = database;
  const dir = join(temp, "services");
  await mkdir(dir);
  await using services = await LiveServices.start({ dir, signal, connectUrl });
  await database.execute(otherTables);
  const where = { connectUrl, url: services.url };
  const delays = await roundRobin<DelayMetric, Case<DelayMetric>>(
    "Commits",
    [
      delayCase("`LISTEN`, a trigger that notifies of each row (the limit)", "bench.notified_sample", "notify"),
      delayCase("logical replication, `pg-logical-replication`", "bench.replicated_sample", "replication"),
      delayCase("**Peek**, until the client's callback", `${liveSchema}.sample`, "peek"),
      delayCase("the answer to the commit itself", `${liveSchema}.sample`, "bare"),
    ],
    runs,
  );
  const writes = await roundRobin<WriteMetric, Case<WriteMetric>>(
    "Writes",
    [
      writeCase("a table that nobody observes (the limit)", `${liveSchema}.quiet`),
      writeCase("**Peek**: one that a browser observes", `${liveSchema}.entry`, limitScript("live/peekWatcher")),
      writeCase("logical replication, one consumer", "bench.replicated_entry", peerScript("live/replicationWatcher")),
      writeCase(
        "a trigger that notifies of each row, one listener",
        "bench.notified_entry",
        limitScript("live/notifyWatcher"),
      ),
    ],
    runs,
  );
  return `## Live data: from the database to browsers

Milliseconds from the request to commit, 100 of them in a second, until the watcher is notified: each figure includes the commit itself.
One process commits and watches; for Peek, logic and field run beside it. A PostgreSQL with \`wal_level=logical\`.
Median (least–most) of ${runs} runs of ${commits} commits, and of the ratios of each run.

${ratioTable(delays, [
  { metric: "p50", title: "p50, ms", digits: 2 },
  { metric: "p99", title: "p99, ms", digits: 2 },
])}

${writers} connections of one process insert rows, a transaction each.

${ratioTable(writes, [{ metric: "perSecond", title: "commits/s" }])}`;

  function delayCase(title: string, table: string, name: string): Case<DelayMetric> {
    const script = `live/${name}Commits`;
    const program = name === "replication" ? peerScript(script) : limitScript(script);
    return {
      title,
      run: async () => {
        await using child = start(program, { ...where, table, commits }, context);
        const figures = await readFigures(child, ["p50", "p99"]);
        await child.exit();
        await dropSlots(database);
        return figures;
      },
    };
  }

  function writeCase(title: string, table: string, watcher?: string): Case<WriteMetric> {
    return {
      title,
      run: async () => {
        await database.execute(`truncate ${table}; checkpoint`);
        await using held = new AsyncDisposableStack();
        const watching = watcher === undefined ? undefined : held.use(start(watcher, where, context));
        await watching?.line(/^Ready in /);
        const writing = held.use(
          start(limitScript("live/writers"), { ...where, table, writers, ms: sliceMs }, context),
        );
        const figures = await readFigures(writing, ["perSecond"]);
        await writing.exit();
        await watching?.[Symbol.asyncDispose]();
        await dropSlots(database);
        return figures;
      },
    };
  }
};

function start(script: string, argument: Readonly<Record<string, unknown>>, { signal }: SuiteContext): Child {
  return new Child({ args: [script, JSON.stringify(argument)], signal });
}

/** Drops the slot of a consumer: the server would keep its log for it. */
async function dropSlots(database: LiveDatabase): Promise<void> {
  await database.execute(`
    select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where active_pid is not null;
    select pg_drop_replication_slot(slot_name) from pg_replication_slots;`);
}
