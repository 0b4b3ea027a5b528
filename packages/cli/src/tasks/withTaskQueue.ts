import { PeekError } from "@peek/errors";
import { PgBossTaskQueue, type TaskQueue } from "@peek/tasks";
import { commandLogger } from "../commandLogger.ts";
import { interruptible } from "../storage/interruptible.ts";
import { LocalStorage } from "../storage/LocalStorage.ts";

/** How long to wait while logic creates the tables of tasks. */
const tablesTimeoutMs = 2000;

/** The tasks in logic's database, for a command. */
export interface LocalTasks {
  /** undefined where no task was ever queued. */
  readonly queue: TaskQueue | undefined;
  /** The plugins that are enabled on logic. */
  readonly plugins: readonly string[];
}

/**
 * Opens the task queue in logic's database on this machine; logic need not be running. The packages of plugins are not needed.
 *
 * @throws PeekError `STORAGE_UNAVAILABLE`, among others, when the database cannot be reached.
 */
export async function withTaskQueue(title: string, work: (tasks: LocalTasks) => Promise<void>): Promise<void> {
  await interruptible(async (signal) => {
    const local = new LocalStorage();
    if (!local.exists) throw new PeekError("STORAGE_UNAVAILABLE", local.absence);
    await using held = new AsyncDisposableStack();
    const storage = await local.openBeside({ title, migrations: "await", plugins: [], signal }, held);
    const database = held.use(storage.openTaskDatabase());
    // Opening the queue waits until logic has created its tables; a command does not wait for long.
    const { rows } = await database.query("SELECT to_regclass('peek_tasks.version') IS NOT NULL AS made");
    const { keepResultsHours, keepDeadLettersDays, lostAfterSeconds } = local.config.tasks;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(outdated()), tablesTimeoutMs);
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
              signal: AbortSignal.any([signal, timeout.signal]),
            }),
          )
        : undefined;
    await work({ queue, plugins: local.config.plugin.enabled });
  });
}

function outdated(): PeekError {
  return new PeekError(
    "STORAGE_UNAVAILABLE",
    "The tables of tasks are missing or from an older version of Peek. Start logic, which updates them, and try again.",
  );
}
