import type { AnyTaskType } from "@peek/plugin-base/contracts";

/**
 * How tasks of a queue are kept apart: `plain` in no order but that of priority and time, `keyed` one after the other for each key,
 * `single` at most one for each singleton key.
 */
export type QueueKind = "plain" | "keyed" | "single";

/** The queue that a task is put into. */
export interface QueueName {
  /** The task: `peek_plugin_tutorial.PickRandomNumber`. */
  readonly task: string;
  readonly version: number;
  readonly kind: QueueKind;
}

const suffixes = { plain: "", keyed: "/keyed", single: "/single" } as const satisfies Record<QueueKind, string>;

/** All kinds, those first that take nothing but a look when there is nothing in them. */
export const queueKinds: readonly QueueKind[] = ["plain", "keyed", "single"];

/** The queue of a task as the database names it: `peek_plugin_tutorial.PickRandomNumber.1/keyed`. */
export function queueText({ task, version, kind }: QueueName): string {
  return `${task}.${version}${suffixes[kind]}`;
}

/** What {@link queueText} has made; undefined for any other text. */
export function parseQueueText(text: string): QueueName | undefined {
  const [, task, version, kind] = /^(\w+\.\w+)\.(\d{1,7})(?:\/(keyed|single))?$/.exec(text) ?? [];
  if (task === undefined || version === undefined) return undefined;
  return { task, version: Number(version), kind: kind === "keyed" || kind === "single" ? kind : "plain" };
}

/** The queue of a type of tasks. */
export function queueOf({ name, version }: AnyTaskType, kind: QueueKind): QueueName {
  return { task: name, version, kind };
}
