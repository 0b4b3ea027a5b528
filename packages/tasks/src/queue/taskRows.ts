import type { PeerIdentity } from "@peek/plugin-base";
import { z } from "zod";
import { parseQueueText } from "./QueueName.ts";
import type { Attempt, StoredTask, FetchedTask, TaskError, TaskRequest } from "./TaskQueue.ts";

/** The column `data` of a task. */
export interface Envelope {
  readonly input: string;
  readonly retry: TaskRequest["retry"];
  readonly failures: number;
  readonly origin?: PeerIdentity;
  /** How many times it was fetched and handed back without a start. */
  readonly unbegun?: number;
  /** Whether it was queued with a delay, and not for a calendar time. */
  readonly delayed?: boolean;
}

const envelopeSchema: z.ZodType<Envelope> = z.object({
  input: z.string(),
  retry: z.object({ tries: z.int(), delayMs: z.int(), maxDelayMs: z.int() }),
  failures: z.int().min(0),
  origin: z
    .object({ service: z.enum(["logic", "field", "office", "worker", "agent"]), instance: z.string() })
    .exactOptional(),
  unbegun: z.int().exactOptional(),
  delayed: z.boolean().exactOptional(),
});

/** The column `output`, as Peek writes it. pg-boss writes there only that a task was lost. */
const outcomeSchema = z.union([
  z.object({ output: z.string() }),
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
]);

const fetchedSchema = z.object({
  id: z.string(),
  retry_count: z.int(),
  singleton_key: z.string().nullable(),
  data: z.unknown(),
});

const timeSchema = z.union([z.date().transform((date) => date.toISOString()), z.string()]);

const storedSchema = fetchedSchema.extend({
  name: z.string(),
  state: z.enum(["created", "retry", "active", "completed", "failed", "cancelled"]),
  output: z.unknown(),
  created_on: timeSchema,
  start_after: timeSchema,
  started_on: timeSchema.nullable(),
  completed_on: timeSchema.nullable(),
});

/** The columns that {@link readStored} needs. */
export const storedColumns =
  "j.id, j.name, j.state, j.retry_count, j.singleton_key, j.data, j.output, j.created_on, j.start_after, j.started_on, j.completed_on";

/** Why tasks whose workers were gone have failed. */
export const lostError: TaskError = {
  code: "TASK_LOST",
  message: "The worker that ran it was gone: it was killed, or could not reach the database.",
};

const states = {
  created: "waiting",
  retry: "waiting",
  active: "running",
  completed: "done",
  failed: "failed",
  cancelled: "cancelled",
} as const;

/** A fetched task; undefined when Peek has not written its row, which `attempt` identifies. */
export function readFetched(
  queue: FetchedTask["queue"],
  row: unknown,
): { readonly attempt: Attempt; readonly task: FetchedTask | undefined } {
  const { id, retry_count: retryCount, singleton_key: key, data } = fetchedSchema.parse(row);
  const attempt = { id, retryCount };
  const envelope = envelopeSchema.safeParse(data).data;
  if (envelope === undefined) return { attempt, task: undefined };
  const { input, retry, failures, origin } = envelope;
  const task = { ...attempt, queue, input, retry, failures };
  return {
    attempt,
    task: { ...task, ...(key !== null && { key }), ...(origin !== undefined && { origin }) },
  };
}

/** A task in the database; undefined when its queue is not one of Peek's. */
export function readStored(row: unknown): StoredTask | undefined {
  const stored = storedSchema.parse(row);
  const queue = parseQueueText(stored.name);
  if (queue === undefined) return undefined;
  const envelope = envelopeSchema.safeParse(stored.data).data;
  const taken = stored.started_on === null ? 0 : stored.retry_count + 1;
  return {
    id: stored.id,
    queue,
    state: states[stored.state],
    attempts: Math.max(0, taken - (envelope?.unbegun ?? 0)),
    failures: envelope?.failures ?? 0,
    input: envelope?.input ?? "",
    queuedAt: stored.created_on,
    startAfter: stored.start_after,
    ...(stored.singleton_key !== null && { key: stored.singleton_key }),
    ...(envelope?.origin !== undefined && { origin: envelope.origin }),
    ...(stored.started_on !== null && { startedAt: stored.started_on }),
    ...(stored.completed_on !== null && { endedAt: stored.completed_on }),
    ...readOutcome(stored.output),
  };
}

function readOutcome(value: unknown): Pick<StoredTask, "output" | "error"> {
  if (value === null || value === undefined) return {};
  const outcome = outcomeSchema.safeParse(value).data;
  return outcome ?? { error: lostError };
}
