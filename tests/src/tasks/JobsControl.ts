import { join } from "node:path";
import { askSocket } from "../askSocket.ts";
import { controlSocket } from "./jobsPlugin.ts";

/** The answer of a plugin to a request. */
export type JobsAnswer =
  | { readonly value: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly task?: string } };

/** A request; the plugin defines the possible ones. */
export interface JobsQuestion {
  readonly ask: string;
  readonly [more: string]: unknown;
}

/** Sends a request to a plugin in a service. @param dir The service's home. */
export async function tryAsk(dir: string, plugin: string, question: JobsQuestion): Promise<JobsAnswer> {
  return (await askSocket(join(dir, controlSocket(plugin)), question)) as JobsAnswer;
}

/** The result in an answer. @throws Error when the request failed. */
export async function ask(dir: string, plugin: string, question: JobsQuestion): Promise<unknown> {
  const answer = await tryAsk(dir, plugin, question);
  if ("error" in answer) throw new Error(`${question.ask}: ${answer.error.code}: ${answer.error.message}`);
  return answer.value;
}
