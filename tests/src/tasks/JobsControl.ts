import { request } from "node:http";
import { join } from "node:path";
import { controlSocket } from "./jobsPlugin.ts";

/** What came of what a plugin was told to do. */
export type JobsAnswer =
  | { readonly value: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly task?: string } };

/** A question; see the plugin for what may be asked. */
export interface JobsQuestion {
  readonly ask: string;
  readonly [more: string]: unknown;
}

/** Tells a plugin in a service what to do. @param dir The service's home. */
export async function tell(dir: string, plugin: string, question: JobsQuestion): Promise<JobsAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<JobsAnswer>();
  const socketPath = join(dir, controlSocket(plugin));
  const asking = request({ socketPath, method: "POST", agent: false }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => void (text += part));
    response.on("error", reject);
    response.on("end", () => resolve(JSON.parse(text) as JobsAnswer));
  });
  asking.on("error", reject);
  asking.end(JSON.stringify(question));
  return promise;
}

/** What a plugin gives back. @throws Error when it failed. */
export async function ask(dir: string, plugin: string, question: JobsQuestion): Promise<unknown> {
  const answer = await tell(dir, plugin, question);
  if ("error" in answer) throw new Error(`${question.ask}: ${answer.error.code}: ${answer.error.message}`);
  return answer.value;
}
