import type { TaskEnqueueOptions } from "@peek/plugin-base";
import { afterCommit, type AfterCommit } from "@peek/plugin-base/internal";
import { CompiledQuery } from "kysely";
import type { QueueName } from "../queue/QueueName.ts";
import type { TaskRequest } from "../queue/TaskQueue.ts";
import type { TaskDesk } from "./TaskDesk.ts";

/**
 * Queues tasks in a plugin's transaction. The workers are woken when it has been committed, and not when it was rolled back: Kysely
 * hands a compiled query on to its driver as it is, with the property by which the storage knows.
 */
export async function insertWithin(
  desk: TaskDesk,
  name: QueueName,
  requests: readonly TaskRequest[],
  transaction: NonNullable<TaskEnqueueOptions["transaction"]>,
): Promise<readonly string[]> {
  const queue = await desk.queue();
  // By a connection of its own, so that no other transaction waits for this one.
  await queue.ensure(name);
  const wake = (): void => desk.wake(name, requests);
  return await queue.insert(name, requests, (sql, values) => {
    const query: CompiledQuery & AfterCommit = { ...CompiledQuery.raw(sql, [...values]), [afterCommit]: wake };
    return transaction.executeQuery(query);
  });
}
