import { ExitCode } from "../exitCodes.ts";
import type { CatalogueEntry } from "./CatalogueEntry.ts";

/** Errors of tasks, their queues and workers. */
export const taskErrors = {
  TASK_INPUT_INVALID: {
    meaning: "An input that is to be queued, or is in the queue, does not match the schema of its task.",
    resolution:
      "Correct what the message names; after an upgrade, upgrade the workers too, or raise the task's version.",
    exitCode: ExitCode.internal,
  },
  TASK_OUTPUT_INVALID: {
    meaning: "The handler of a task returned an output that does not match the task's schema.",
    resolution: "Correct the handler, or the schema.",
    exitCode: ExitCode.internal,
  },
  TASK_OPTIONS_INVALID: {
    meaning: "A task cannot be queued, waited for or scheduled with these options.",
    resolution: "Correct what the message names.",
    exitCode: ExitCode.internal,
  },
  TASK_REJECTED: {
    meaning: "The handler of a task rejected it for good. The task is kept as a dead letter.",
    resolution: "See the message.",
    exitCode: ExitCode.internal,
  },
  TASK_FAILED: {
    meaning: "The handler of a task threw an error.",
    resolution: "See the log of the worker. After the last attempt, the task is kept as a dead letter.",
    exitCode: ExitCode.internal,
  },
  TASK_TIMED_OUT: {
    meaning: "A task took longer than its deadlineMs.",
    resolution: "Split the task, or raise its deadlineMs.",
    exitCode: ExitCode.internal,
  },
  TASK_OUT_OF_MEMORY: {
    meaning: "A heavy task used more memory than its memoryMb.",
    resolution: "Make the task hold less at a time, or raise its memoryMb.",
    exitCode: ExitCode.internal,
  },
  TASK_ENDED_THREAD: {
    meaning: "The thread of a heavy task ended before the task did, for example by process.exit().",
    resolution: "Make the handler return or throw instead.",
    exitCode: ExitCode.internal,
  },
  TASK_LOST: {
    meaning: "The workers that ran a task were killed repeatedly.",
    resolution: "Check whether the task crashes its worker; then retry it with peek tasks retry.",
    exitCode: ExitCode.internal,
  },
  TASK_CANCELLED: {
    meaning: "A task was cancelled before it was done.",
    resolution: "Nothing has to be done.",
    exitCode: ExitCode.internal,
  },
  TASK_DEADLINE_EXCEEDED: {
    meaning: "A task was not done within the time that the caller waited.",
    resolution: "See peek tasks list: whether workers run that know the task, and how many tasks wait.",
    exitCode: ExitCode.unavailable,
  },
  TASK_NOT_FOUND: {
    meaning: "The task does not exist, or is no longer stored.",
    resolution: "See peek tasks list; outputs are kept for tasks.keepResultsHours.",
    exitCode: ExitCode.config,
  },
  TASK_ALREADY_HANDLED: {
    meaning: "A plugin handles the same type of task twice.",
    resolution: "Handle each type once.",
    exitCode: ExitCode.internal,
  },
  TASK_HANDLER_INVALID: {
    meaning: "The handler of a type of task is not usable.",
    resolution: "Correct what the message names: the handler of heavy tasks is the default export of its module.",
    exitCode: ExitCode.internal,
  },
} as const satisfies Record<string, CatalogueEntry>;
