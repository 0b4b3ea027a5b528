import { cutText } from "@peek/errors";
import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import { z } from "zod";
import type { InstalledPlugin, PluginStatus } from "@peek/loader";
import type { StaleEntry } from "@peek/live/logic";
import type { ConfigDrift } from "./readDrift.ts";
import type { LiveStatus, ServiceStatus, TasksStatus } from "./ServiceStatus.ts";

/** The name under which the platform itself serves contracts to other services. */
export const platformPlugin = "peek_core_platform";

/** The maximum length of names, versions and the like, in characters. */
const maxWord = 300;
/** The maximum length of an error message, in characters. */
const maxMessage = 10_000;
const maxPlugins = 1000;
const maxTasks = 1000;
const maxStale = 1000;

const word = z.string().max(maxWord);

const pluginSchema = z.object({
  name: word,
  /** Absent in the report of a service of an earlier version. */
  generation: z.int().optional(),
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

const liveSchema = z.object({
  channels: count,
  stale: count,
  entries: z.array(staleSchema).max(maxStale).readonly(),
  provided: z.object({ observables: count, followers: count, loads: count, historyChars: count }).optional(),
  browsers: z
    .object({ connections: count, subscriptions: count, lagging: count, waitingBytes: count, actions: count })
    .optional(),
});

const callsSchema = z.object({ pending: count, waiting: count, running: count, queued: count });

const driftedSchema = z
  .array(z.object({ name: word, after: z.array(word).max(maxPlugins).readonly() }))
  .max(maxPlugins)
  .readonly();
const driftSchema = z.object({
  enable: driftedSchema,
  disable: driftedSchema,
  problem: z.string().max(maxMessage).optional(),
});

const statusSchema = z.object({
  service: word,
  version: word,
  installedVersion: word.optional(),
  pid: z.number(),
  since: word,
  calls: callsSchema.optional(),
  tasks: tasksSchema.optional(),
  live: liveSchema.optional(),
  actions: z.array(usageSchema).max(maxPlugins).readonly().optional(),
  change: z.object({ kind: word, plugin: word, step: word.optional(), at: word }).optional(),
  /** The difference between its plugins and its config.json; absent where there is none. */
  drift: driftSchema.optional(),
  plugins: z.array(pluginSchema).max(maxPlugins).readonly(),
});

type PluginReport = z.infer<typeof pluginSchema>;

/** The status that a service reports to others. */
export type ServiceStatusReport = z.infer<typeof statusSchema>;

type StatusProcedures = { readonly status: { readonly output: typeof statusSchema } };

/** Asks a service how it is. Every service serves it. */
export const ServiceStatusRpc: RpcContract<StatusProcedures> = defineRpc(`${platformPlugin}.ServiceStatus`, {
  status: { output: statusSchema },
});

/** The report of a service's status; too long texts and lists are cut. */
export function statusReport(status: ServiceStatus): ServiceStatusReport {
  const { service, version, installedVersion, pid, since, vortex, tasks, live, actions, change, drift, plugins } =
    status;
  return {
    service,
    version: cut(version),
    ...(installedVersion !== undefined && { installedVersion: cut(installedVersion) }),
    pid,
    since,
    ...(vortex !== undefined && { calls: vortex.calls }),
    ...(tasks !== undefined && { tasks: tasksReport(tasks) }),
    ...(live !== undefined && { live: liveReport(live) }),
    ...(actions !== undefined && { actions: actions.slice(0, maxPlugins) }),
    ...(change !== undefined && { change: { ...change, plugin: cut(change.plugin) } }),
    ...(drift !== undefined && { drift: driftReport(drift) }),
    plugins: plugins.slice(0, maxPlugins).map(pluginReport),
  };
}

function driftReport({ enable, disable, problem }: ConfigDrift): z.infer<typeof driftSchema> {
  const cutAll = (plugins: ConfigDrift["enable"]): z.infer<typeof driftedSchema> =>
    plugins
      .slice(0, maxPlugins)
      .map(({ name, after }) => ({ name: cut(name), after: after.slice(0, maxPlugins).map((each) => cut(each)) }));
  return {
    enable: cutAll(enable),
    disable: cutAll(disable),
    ...(problem !== undefined && { problem: cut(problem, maxMessage) }),
  };
}

function pluginReport(plugin: PluginStatus): PluginReport {
  const { name, generation, state, since, title, version, error, blockedBy, installed } = plugin;
  return {
    name: cut(name),
    generation,
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
    ...(installed !== undefined && { installed: installedReport(installed) }),
  };
}

function installedReport({ version, problem }: InstalledPlugin): NonNullable<PluginReport["installed"]> {
  return {
    ...(version !== undefined && { version: cut(version) }),
    ...(problem !== undefined && { problem: cut(problem, maxMessage) }),
  };
}

function liveReport(live: LiveStatus): z.infer<typeof liveSchema> {
  return { ...live, entries: live.entries.slice(0, maxStale).map(staleReport) };
}

function staleReport({ observable, selector, ageMs, reason }: StaleEntry): z.infer<typeof staleSchema> {
  return {
    ...(observable !== undefined && { observable: cut(observable) }),
    ...(selector !== undefined && { selector: cut(selector) }),
    ageMs,
    reason: cut(reason),
  };
}

function tasksReport({ queues, worker }: TasksStatus): z.infer<typeof tasksSchema> {
  return {
    ...(queues !== undefined && { queues: queues.slice(0, maxTasks) }),
    ...(worker !== undefined && { worker: { ...worker, tasks: worker.tasks.slice(0, maxTasks) } }),
  };
}

function cut(text: string, length = maxWord): string {
  return cutText(text, length);
}
