import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { liveSchema } from "../live/generateLivePlugin.ts";
import { LiveServices } from "../live/LiveServices.ts";
import { openLiveDatabase } from "../live/openLiveDatabase.ts";
import { limitScript } from "../paths.ts";
import { roundRobin } from "../roundRobin.ts";
import { callCase, type CallMetric } from "../rpc/callCase.ts";
import { callTable } from "../rpc/callTable.ts";
import type { Case, Suite } from "../Suite.ts";

/** The connections to the database, the same for the plugin and for the limit. */
const connections = 8;

/** Actions of users, with the effect and the record of each in one transaction. */
export const liveActions: Suite = async (context) => {
  const { temp, runs, signal } = context;
  await using database = await openLiveDatabase(join(temp, "postgresql"));
  const { connectUrl } = database;
  const dir = join(temp, "services");
  await mkdir(dir);
  await using services = await LiveServices.start({ dir, signal, connectUrl, poolSize: connections });
  const argument = { connectUrl, connections, table: `${liveSchema}.record`, url: services.url };
  const clientCase = (title: string, script: string): Case<CallMetric> =>
    callCase(title, signal, () => Promise.resolve({ servers: [], client: { script: limitScript(script), argument } }));
  const cases = [
    clientCase("`pg.Pool`: `BEGIN`, the `INSERT`, `COMMIT` (the limit)", "live/bareTransactions"),
    clientCase("**Peek**, client to field to logic, and back", "live/peekActions"),
  ];
  const measured = await roundRobin<CallMetric, Case<CallMetric>>("Actions", cases, runs);
  return `## Live data: actions

An action that inserts a row, until the client that pushed it has its result; a second with 64 in flight, each of a separate client,
then a second with one at a time. ${connections} connections to the database. Median (least–most) of ${runs} runs, and of the ratios of each run.

${callTable(measured).replace("calls/s", "actions/s")}`;
};
