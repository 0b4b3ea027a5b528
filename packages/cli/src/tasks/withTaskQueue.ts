import { PeekError } from "@peek/errors";
import { PgBossTaskQueue, type TaskQueue } from "@peek/tasks";
import { commandLogger } from "../commandLogger.ts";
import { interruptible } from "../storage/interruptible.ts";
import { LocalStorage } from "../storage/LocalStorage.ts";

/** How long tables are waited for that logic is just making; milliseconds. */
const patienceMs = 2000;

/** What a command knows of the tasks in logic's database. */
export interface LocalTasks {
  /** undefined where no task was ever queued. */
  readonly queue: TaskQueue | undefined;
  /** The plugins that are enabled on logic. */
  readonly plugins: readonly string[];
}

/**
 * Works with the tasks in logic's database on this machine, whether logic runs or not. Plugins' packages are not needed.
 *
 * @throws PeekError `STORAGE_UNAVAILABLE`, among others, when there is no database to reach.
 */
export async function withTaskQueue(title: string, work: (tasks: LocalTasks) => Promise<void>): Promise<void> {
  await interruptible(async (signal) => {
    const local = new LocalStorage();
    if (!local.exists) throw new PeekError("STORAGE_UNAVAILABLE", local.absence);
    await using held = new AsyncDisposableStack();
    const storage = await local.openBeside({ title, migrations: "await", plugins: [], signal }, held);
    const database = held.use(storage.openTaskDatabase());
    // Whoever opens the queue, and is not logic, waits until logic has made its tables; a command does not wait for long.
    const { rows } = await database.query("SELECT to_regclass('peek_tasks.version') IS NOT NULL AS made");
    const { keepResultsHours, keepDeadLettersDays, lostAfterSeconds } = local.config.tasks;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(outdated()), patienceMs);
    held.defer(() => clearTimeout(timer));
    const queue =
      rows[0]?.["made"] === true
        ? held.use(
            await PgBossTaskQueue.open({
              keepResultsHours,
              keepDeadLettersDays,
              lostAfterSeconds,
              database,
              role: "user",
              logger: commandLogger,
              signal: AbortSignal.any([signal, patience.signal]),
            }),
          )
        : undefined;
    await work({ queue, plugins: local.config.plugin.enabled });
  });
}

function outdated(): PeekError {
  return new PeekError(
    "STORAGE_UNAVAILABLE",
    "The tables of tasks are those of an older Peek, or are being made. Start logic, which brings them up to date, and try again.",
  );
}
