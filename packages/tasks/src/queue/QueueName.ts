import type { AnyTaskType } from "@peek/plugin-base/contracts";

/**
 * How the tasks of a queue relate: `plain` tasks run in parallel, by priority and time; of `keyed` tasks with the same key, one runs at
 * a time; of `single` tasks with the same singleton key, only one exists.
 */
export type QueueKind = "plain" | "keyed" | "single";

/** Identifies the queue of a task. */
export interface QueueName {
  /** The task's name: `peek_plugin_tutorial.PickRandomNumber`. */
  readonly task: string;
  readonly version: number;
  readonly kind: QueueKind;
}

const suffixes = { plain: "", keyed: "/keyed", single: "/single" } as const satisfies Record<QueueKind, string>;

/** All kinds, those first that are cheap to poll when they are empty. */
export const queueKinds: readonly QueueKind[] = ["plain", "keyed", "single"];

/** The name of a queue in the database: `peek_plugin_tutorial.PickRandomNumber.1/keyed`. */
export function queueText({ task, version, kind }: QueueName): string {
  return `${task}.${version}${suffixes[kind]}`;
}

/** Parses the result of {@link queueText}; undefined for any other text. */
export function parseQueueText(text: string): QueueName | undefined {
  const [, task, version, kind] = /^(\w+\.\w+)\.(\d{1,7})(?:\/(keyed|single))?$/.exec(text) ?? [];
  if (task === undefined || version === undefined) return undefined;
  return { task, version: Number(version), kind: kind === "keyed" || kind === "single" ? kind : "plain" };
}

/** The queue of a task type. */
export function queueOf({ name, version }: AnyTaskType, kind: QueueKind): QueueName {
  return { task: name, version, kind };
}
