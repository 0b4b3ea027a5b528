import { cutText } from "@peek/errors";
import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import { z } from "zod";
import type { InstalledPlugin, PluginStatus } from "@peek/loader";
import type { StaleEntry } from "@peek/live/logic";
import type { ServiceStatus, TasksStatus } from "./ServiceStatus.ts";

/** Under whose name the platform itself serves what it offers to other services. */
export const platformPlugin = "peek_core_platform";

/** The longest of what is short: a name, a version; characters. */
const maxWord = 300;
/** The longest message of an error; characters. */
const maxMessage = 10_000;
const maxPlugins = 1000;
const maxTasks = 1000;
const maxStale = 1000;

const word = z.string().max(maxWord);

const pluginSchema = z.object({
  name: word,
  state: word,
  since: word,
  title: word.optional(),
  version: word.optional(),
  error: z.object({ code: word, message: z.string().max(maxMessage), hook: word.optional() }).optional(),
  blockedBy: word.optional(),
  installed: z.object({ version: word.optional(), problem: z.string().max(maxMessage).optional() }).optional(),
});

const count = z.number();

const queueSchema = z.object({
  task: word,
  waiting: count,
  later: count,
  running: count,
  failed: count,
  oldestMs: z.number().optional(),
});

const workerSchema = z.object({
  threads: count,
  lightConcurrency: count,
  tasks: z
    .array(
      z.object({
        task: word,
        weight: z.enum(["light", "heavy"]),
        running: count,
        taken: count,
        done: count,
        failed: count,
        p50Ms: z.number().optional(),
        p99Ms: z.number().optional(),
      }),
    )
    .max(maxTasks)
    .readonly(),
});

const tasksSchema = z.object({
  queues: z.array(queueSchema).max(maxTasks).readonly().optional(),
  worker: workerSchema.optional(),
});

const usageSchema = z.object({
  plugin: word,
  clients: count,
  lanes: count,
  outcomeBytes: count,
  deadLetters: count,
  deadLetterBytes: count,
  fullest: z.object({ user: word, percent: count }).optional(),
});

const staleSchema = z.object({
  observable: word.optional(),
  selector: word.optional(),
  ageMs: count,
  reason: word,
});

const liveSchema = z.object({ channels: count, stale: count, entries: z.array(staleSchema).max(maxStale).readonly() });

const statusSchema = z.object({
  service: word,
  version: word,
  installedVersion: word.optional(),
  pid: z.number(),
  since: word,
  tasks: tasksSchema.optional(),
  live: liveSchema.optional(),
  actions: z.array(usageSchema).max(maxPlugins).readonly().optional(),
  plugins: z.array(pluginSchema).max(maxPlugins).readonly(),
});

type ToldPluginStatus = z.infer<typeof pluginSchema>;

/** What a service tells of itself. */
export type ToldServiceStatus = z.infer<typeof statusSchema>;

type StatusProcedures = { readonly status: { readonly output: typeof statusSchema } };

/** Asks a service how it is. Every service serves it. */
export const ServiceStatusRpc: RpcContract<StatusProcedures> = defineRpc(`${platformPlugin}.ServiceStatus`, {
  status: { output: statusSchema },
});

/** What a service tells of itself, out of what is known there; what is longer than it may be is cut. */
export function toldStatus(status: ServiceStatus): ToldServiceStatus {
  const { service, version, installedVersion, pid, since, tasks, live, actions, plugins } = status;
  return {
    service,
    version: cut(version),
    ...(installedVersion !== undefined && { installedVersion: cut(installedVersion) }),
    pid,
    since,
    ...(tasks !== undefined && { tasks: toldTasks(tasks) }),
    ...(live !== undefined && { live: { ...live, entries: live.entries.slice(0, maxStale).map(toldStale) } }),
    ...(actions !== undefined && { actions: actions.slice(0, maxPlugins) }),
    plugins: plugins.slice(0, maxPlugins).map(toldPlugin),
  };
}

function toldPlugin(plugin: PluginStatus): ToldPluginStatus {
  const { name, state, since, title, version, error, blockedBy, installed } = plugin;
  return {
    name: cut(name),
    state,
    since,
    ...(title !== undefined && { title: cut(title) }),
    ...(version !== undefined && { version: cut(version) }),
    ...(error !== undefined && {
      error: {
        code: cut(error.code),
        message: cut(error.message, maxMessage),
        ...(error.hook !== undefined && { hook: cut(error.hook) }),
      },
    }),
    ...(blockedBy !== undefined && { blockedBy: cut(blockedBy) }),
    ...(installed !== undefined && { installed: toldInstalled(installed) }),
  };
}

function toldInstalled({ version, problem }: InstalledPlugin): NonNullable<ToldPluginStatus["installed"]> {
  return {
    ...(version !== undefined && { version: cut(version) }),
    ...(problem !== undefined && { problem: cut(problem, maxMessage) }),
  };
}

function toldStale({ observable, selector, ageMs, reason }: StaleEntry): z.infer<typeof staleSchema> {
  return {
    ...(observable !== undefined && { observable: cut(observable) }),
    ...(selector !== undefined && { selector: cut(selector) }),
    ageMs,
    reason: cut(reason),
  };
}

function toldTasks({ queues, worker }: TasksStatus): z.infer<typeof tasksSchema> {
  return {
    ...(queues !== undefined && { queues: queues.slice(0, maxTasks) }),
    ...(worker !== undefined && { worker: { ...worker, tasks: worker.tasks.slice(0, maxTasks) } }),
  };
}

function cut(text: string, length = maxWord): string {
  return cutText(text, length);
}
