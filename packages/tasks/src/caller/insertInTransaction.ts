import type { TaskEnqueueOptions } from "@peek/plugin-base";
import { afterCommit, type AfterCommit } from "@peek/plugin-base/internal";
import { CompiledQuery } from "kysely";
import type { QueueName } from "../queue/QueueName.ts";
import type { TaskRequest } from "../queue/TaskQueue.ts";
import type { TaskStore } from "./TaskStore.ts";

/**
 * Queues tasks in a plugin's transaction, and wakes the workers after its commit; not after a rollback. Kysely hands a compiled query
 * to its driver unchanged, so the property `afterCommit` of the query reaches the storage.
 */
export async function insertInTransaction(
  store: TaskStore,
  name: QueueName,
  requests: readonly TaskRequest[],
  transaction: NonNullable<TaskEnqueueOptions["transaction"]>,
): Promise<readonly string[]> {
  const queue = await store.queue();
  // Outside the transaction: otherwise other transactions would wait for this one.
  await queue.ensure(name);
  const wake = (): void => store.wake(name, requests);
  return await queue.insert(name, requests, (sql, values) => {
    const query: CompiledQuery & AfterCommit = { ...CompiledQuery.raw(sql, [...values]), [afterCommit]: wake };
    return transaction.executeQuery(query);
  });
}
