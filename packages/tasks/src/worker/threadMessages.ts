import type { MessagePort } from "node:worker_threads";
import { z } from "zod";
import type { AttemptResult } from "./attemptResult.ts";

/** A job for a thread: text and numbers. */
export interface ThreadJob {
  /** The module of the handler. */
  readonly url: string;
  /** The task's name. */
  readonly task: string;
  readonly id: string;
  readonly attempt: number;
  /** Encoded by `encode()`. */
  readonly input: string;
  /** For all messages while a task runs; a thread gets it with its first job. */
  readonly port?: MessagePort;
}

/** The reply of a thread. */
export interface ThreadReply {
  readonly result: AttemptResult;
  /** The last progress, when it is not sent yet. */
  readonly progress?: string;
  /** Whether the handler left timers behind, which could fire during the next task: then the thread has to be terminated. */
  readonly hasLeftovers: boolean;
}

/** A message from a thread while a task runs. */
export const threadEventSchema = z.union([
  /** The module is imported and the handler starts. */
  z.object({ kind: z.literal("begun"), id: z.string() }),
  z.object({ kind: z.literal("progress"), id: z.string(), value: z.string() }),
  /** The handler requests the plugin's storage. */
  z.object({ kind: z.literal("storage"), id: z.string() }),
]);
export type ThreadEvent = z.infer<typeof threadEventSchema>;

/** A message to a thread while a task runs. */
export const threadCommandSchema = z.discriminatedUnion("kind", [
  /** Fires the task's signal. */
  z.object({ kind: z.literal("abort"), id: z.string(), message: z.string() }),
  /** Grants a connection, which `module` opens with `settings`. */
  z.object({ kind: z.literal("storage"), id: z.string(), module: z.string(), settings: z.unknown() }),
  /** Refuses a connection. */
  z.object({ kind: z.literal("noStorage"), id: z.string(), code: z.string(), message: z.string() }),
]);
export type ThreadCommand = z.infer<typeof threadCommandSchema>;
