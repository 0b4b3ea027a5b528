export { TaskCaller, type TaskCallerOptions } from "./caller/TaskCaller.ts";
export type { TaskNews, TaskSignals } from "./caller/TaskNews.ts";
export {
  parseQueueText,
  pluginOfQueue,
  queueKinds,
  type QueueKind,
  type QueueName,
  queueOf,
  queueText,
} from "./queue/QueueName.ts";
export type * from "./queue/TaskQueue.ts";
export { PgBossTaskQueue, type TaskQueueOpenOptions } from "./queue/PgBossTaskQueue.ts";
