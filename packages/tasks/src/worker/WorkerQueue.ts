import type { TaskQueue } from "../queue/TaskQueue.ts";

/** What a worker needs of the queue. */
export type WorkerQueue = Pick<TaskQueue, "due" | "take" | "settle" | "touch">;
