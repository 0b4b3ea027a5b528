export type * from "./PluginTasks.ts";
export type { TaskContext, TaskFunction, TaskHandler } from "./TaskHandler.ts";
