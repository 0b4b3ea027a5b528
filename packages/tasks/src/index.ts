export { TaskCaller, type TaskCallerOptions } from "./caller/TaskCaller.ts";
export type { TaskUpdate, TaskSignals } from "./caller/TaskSignals.ts";
export { parseQueueText, queueKinds, type QueueKind, type QueueName, queueOf, queueText } from "./queue/QueueName.ts";
export type * from "./queue/TaskQueue.ts";
export { PgBossTaskQueue, type TaskQueueOpenOptions } from "./queue/PgBossTaskQueue.ts";
