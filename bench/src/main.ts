import { coldStart } from "./cases/coldStart.ts";
import { connections } from "./cases/connections.ts";
import { liveActions } from "./cases/liveActions.ts";
import { liveCommits } from "./cases/liveCommits.ts";
import { liveDeltas } from "./cases/liveDeltas.ts";
import { liveFanout } from "./cases/liveFanout.ts";
import { memory } from "./cases/memory.ts";
import { plugins } from "./cases/plugins.ts";
import { reload } from "./cases/reload.ts";
import { rpc } from "./cases/rpc.ts";
import { rpcOverNats } from "./cases/rpcOverNats.ts";
import { storageMigrations } from "./cases/storageMigrations.ts";
import { storageQueries } from "./cases/storageQueries.ts";
import { storageStart } from "./cases/storageStart.ts";
import { tasks } from "./cases/tasks.ts";
import { tasksBacklog } from "./cases/tasksBacklog.ts";
import { web } from "./cases/web.ts";
import { installPeers } from "./installPeers.ts";
import { machine } from "./machine.ts";
import { type Options, parseOptions, type SuiteName } from "./options.ts";
import { peekIsBuilt } from "./paths.ts";
import type { Suite } from "./Suite.ts";
import { makeTempFolder } from "./TempFolder.ts";

const suites: Readonly<Record<SuiteName, Suite>> = {
  plugins,
  cold: coldStart,
  memory,
  reload,
  queries: storageQueries,
  starts: storageStart,
  migrations: storageMigrations,
  rpc,
  nats: rpcOverNats,
  connections,
  fanout: liveFanout,
  deltas: liveDeltas,
  commits: liveCommits,
  actions: liveActions,
  tasks,
  web,
  backlog: tasksBacklog,
};

try {
  const options = parseOptions(process.argv.slice(2));
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stop.abort(new Error(`${signal}: stopped`)));
  }
  await run(options, stop.signal);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function run({ runs, only }: Options, signal: AbortSignal): Promise<void> {
  if (!peekIsBuilt()) throw new Error("The logic service is not built. Run `pnpm bench`, or `pnpm build` first.");
  await installPeers(signal);
  console.log(machine());
  for (const name of only) {
    await using temp = await makeTempFolder();
    console.log(`\n${await suites[name]({ temp: temp.dir, runs, signal })}`);
  }
}
