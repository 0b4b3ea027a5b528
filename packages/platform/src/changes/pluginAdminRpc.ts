import { serviceNames } from "@peek/plugin-base";
import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { platformPlugin } from "../status/serviceStatusRpc.ts";
import { chunkSchema, offsetSchema } from "./archives/pluginArchivesRpc.ts";
import { changeErrorSchema, generationSchema, plannedMigrationSchema, uninstalledSchema } from "./pluginChangesRpc.ts";

const word = z.string().max(300);
const names = z.array(word).max(1000).readonly();
const service = z.enum(serviceNames);
const ended = z.enum(["done", "refused", "reverted", "failed"]);

const requestSchema = z.object({
  kind: z.enum(["reload", "enable", "disable", "upgrade", "rollback", "install", "remove"]),
  plugin: word,
  /**
   * The version for `upgrade`, `rollback` and `install`: `1.4.0`, or `1.4.0-0123456789ab` with the beginning of its content's hash. Default for
   * a rollback: the version before.
   */
  version: word.optional(),
  /** Whether an upgrade or installation may be to an older version. Default: false. */
  allowDowngrade: z.boolean().optional(),
  /** Whether a removal deletes the plugin's tables and its folders in `plugin-data` too. Default: false. */
  purgeData: z.boolean().optional(),
  /** Only these services. Default: all connected ones that the change concerns. */
  services: z.array(service).min(1).max(serviceNames.length).readonly().optional(),
  /** Only these instances of the services. Default: all. */
  instances: z.array(word).min(1).max(1000).readonly().optional(),
  /** Whether config.json stays as it is: the change makes services follow the file. Default: false. */
  followsFile: z.boolean().optional(),
  /** Whether the change is only prepared, and then cancelled. */
  dryRun: z.boolean(),
  /** Who makes the change. */
  by: z.object({ account: word, host: word }),
});

const onServiceSchema = z.object({
  service,
  instance: word,
  /** `untouched`: the change was not made there, since it did not succeed elsewhere, or was only tried. */
  outcome: z.enum([...ended.options, "untouched"]),
  from: generationSchema.optional(),
  to: generationSchema.optional(),
  /** The other plugins that were started again, or would be started. */
  restarted: names,
  /** The other plugins that do not run any more, or would not. */
  ended: names,
  /** The running plugins that are stopped, in this order; only of a dry run. */
  stopped: names.optional(),
  /** The migrations that logic would apply, with their statements; only of a dry run. */
  migrations: z.array(plannedMigrationSchema).max(1000).readonly().optional(),
  /** The effects of a removal. */
  uninstalled: uninstalledSchema.optional(),
  error: changeErrorSchema.optional(),
});

/** The outcome of a change on all services. */
export const adminResultSchema = requestSchema.omit({ services: true }).extend({
  outcome: ended,
  /** When it began; ISO 8601, UTC. */
  at: word,
  ms: z.number(),
  services: z.array(onServiceSchema).max(1000).readonly(),
  /** The instances on which nothing had to change. */
  unchanged: names,
  /** The services that the plugin has a part for, and that are not connected. */
  away: z.array(service).max(serviceNames.length).readonly(),
  error: changeErrorSchema.optional(),
});

const progressSchema = z.discriminatedUnion("type", [
  /** It waits until another change has ended, which this names. */
  z.object({ type: z.literal("waiting"), for: word }),
  /** All services are asked to get the version. */
  z.object({ type: z.literal("fetching"), version: word, instances: names }),
  /** All services are asked to prepare it. */
  z.object({ type: z.literal("preparing"), instances: names }),
  /** It cannot be cancelled any more. */
  z.object({ type: z.literal("committing") }),
  z.object({ type: z.literal("step"), instance: word, step: word }),
  z.object({ type: z.literal("service"), result: onServiceSchema }),
  z.object({ type: z.literal("result"), result: adminResultSchema }),
]);

const historySchema = z.object({
  /** The change that is being made. */
  running: requestSchema.extend({ at: word }).optional(),
  /** The last changes, the newest last. */
  changes: z.array(adminResultSchema).max(1000).readonly(),
});

const uploadInput = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(0),
});
const uploadProgress = z.discriminatedUnion("type", [
  /** The parts are to be sent with this id, one after the other. */
  z.object({ type: z.literal("ready"), upload: word }),
  /** Logic has verified the archive, and keeps it. */
  z.object({
    type: z.literal("kept"),
    plugin: word,
    version: word,
    services: z.array(service).max(serviceNames.length).readonly(),
  }),
]);
const partInput = z.object({ upload: word, offset: offsetSchema, data: chunkSchema });
const partOutput = z.int();

/** A change of one plugin on all services. */
export type AdminRequest = z.infer<typeof requestSchema>;
/** The outcome of a change on one instance of a service. */
export type ChangeOnService = z.infer<typeof onServiceSchema>;
/** The outcome of a change on all services. */
export type AdminResult = z.infer<typeof adminResultSchema>;
/** One item of the stream of a change. */
export type AdminProgress = z.infer<typeof progressSchema>;
/** The last changes of plugins, also those before logic was started. */
export type AdminHistory = z.infer<typeof historySchema>;

type Procedures = {
  readonly upload: { readonly input: typeof uploadInput; readonly stream: typeof uploadProgress };
  readonly uploadPart: { readonly input: typeof partInput; readonly output: typeof partOutput };
  readonly change: { readonly input: typeof requestSchema; readonly stream: typeof progressSchema };
  readonly history: { readonly output: typeof historySchema };
};

/** Changes plugins of all services. Logic serves it to commands that use its credentials. */
export const PluginAdminRpc: RpcContract<Procedures> = defineRpc(`${platformPlugin}.PluginAdmin`, {
  /** Takes an archive. When the stream is cancelled before its end, nothing of the archive remains. */
  upload: { input: uploadInput, stream: uploadProgress },
  /** Adds the next part of an upload. Returns the number of bytes that have arrived. */
  uploadPart: { input: partInput, output: partOutput },
  /** When the stream is cancelled before `committing`, the change is cancelled; after that, it goes on. */
  change: { input: requestSchema, stream: progressSchema },
  history: { output: historySchema },
});
