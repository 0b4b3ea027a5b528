export { TaskWorker, type TaskWorkerOptions } from "./TaskWorker.ts";
export type * from "./WorkerStatus.ts";
