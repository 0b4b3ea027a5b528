import type { MessagePort } from "node:worker_threads";
import { z } from "zod";
import type { AttemptResult } from "./attemptResult.ts";

/** What a thread is given to do: text and numbers. */
export interface ThreadJob {
  /** The module of the handler. */
  readonly url: string;
  /** The task's name. */
  readonly task: string;
  readonly id: string;
  readonly attempt: number;
  /** As `encode()` has made it. */
  readonly input: string;
  /** Given to a thread once, with its first job: the way of all that is said while a task runs. */
  readonly port?: MessagePort;
}

/** What a thread gives back. */
export interface ThreadReply {
  readonly result: AttemptResult;
  /** What the handler told last, and was not sent yet. */
  readonly progress?: string;
  /** Whether the handler left timers behind, which would go off while another's task runs: the thread is to be ended. */
  readonly hasLeftovers: boolean;
}

/** What a thread says while a task runs. */
export const threadEventSchema = z.union([
  /** Its module was imported, and its handler begins. */
  z.object({ kind: z.literal("begun"), id: z.string() }),
  z.object({ kind: z.literal("progress"), id: z.string(), value: z.string() }),
  /** Its handler asks for the plugin's storage. */
  z.object({ kind: z.literal("storage"), id: z.string() }),
]);
export type ThreadEvent = z.infer<typeof threadEventSchema>;

/** What a thread is told. */
export const threadCommandSchema = z.discriminatedUnion("kind", [
  /** The task's signal is to fire. */
  z.object({ kind: z.literal("abort"), id: z.string(), message: z.string() }),
  /** It may make a connection; `module` is what does so, with `settings`. */
  z.object({ kind: z.literal("storage"), id: z.string(), module: z.string(), settings: z.unknown() }),
  /** It may make none. */
  z.object({ kind: z.literal("noStorage"), id: z.string(), code: z.string(), message: z.string() }),
]);
export type ThreadCommand = z.infer<typeof threadCommandSchema>;
