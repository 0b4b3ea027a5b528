import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { platformPlugin } from "../status/serviceStatusRpc.ts";

/** The maximum length of an error message, in characters. */
export const maxMessage = 10_000;
/** The maximum length of the text of one SQL statement, in characters. */
const maxStatement = 250_000;
const word = z.string().max(300);
const names = z.array(word).max(1000).readonly();
/** One version of a plugin, and the generation that runs it. */
export const generationSchema = z.object({
  version: word.optional(),
  generation: z.int(),
});

/** Why a change did not succeed. */
export const changeErrorSchema = z.object({ code: word, message: z.string().max(maxMessage) });

const kind = z.enum(["reload", "enable", "disable"]);

/** A change of one plugin on one service. */
const changeRequestSchema = z.object({
  kind,
  plugin: word,
  /**
   * The name of the installed version that is to run, or after a `disable` is to be current: `1.4.0-0123456789ab`. null for none of the
   * installed ones, so that another source is used. Default: the version stays.
   */
  version: word.nullable().optional(),
  /** Whether the migrations of the new version are tried. Default: false. */
  rehearse: z.boolean().default(false),
  /** Whether the change takes back one that failed on another service: the version is to run on the present tables. Default: false. */
  isRevert: z.boolean().default(false),
  /** Whether config.json stays as it is. Default: false. */
  followsFile: z.boolean().default(false),
});

/** A migration that a service would apply. */
export const plannedMigrationSchema = z.object({
  name: word,
  isReversible: z.boolean(),
  statements: z.array(z.string().max(maxStatement)).max(1000).readonly(),
});

const plannedSchema = z.object({
  type: z.literal("prepared"),
  version: word.optional(),
  services: names,
  stop: names,
  start: names,
  end: names,
  migrations: z.array(plannedMigrationSchema).max(1000).readonly(),
});

const resultSchema = z.object({
  type: z.literal("result"),
  outcome: z.enum(["done", "refused", "reverted", "failed"]),
  from: generationSchema.optional(),
  to: generationSchema.optional(),
  restarted: names,
  ended: names,
  error: changeErrorSchema.optional(),
});

/** A part of the progress of a change: its steps, then `prepared`, and after the commit further steps, then the result. */
const progressSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("step"), step: word }),
  plannedSchema,
  resultSchema,
]);

/** A change that a service has planned, and whose code it has imported. */
export type PreparedOnService = z.infer<typeof plannedSchema>;
/** The outcome of a change on one service. */
export type ResultOnService = z.infer<typeof resultSchema>;
/** One item of {@link PluginChangesRpc}'s stream. */
export type ChangeProgress = z.infer<typeof progressSchema>;

const stateInput = z.object({
  plugin: word,
  /** Whether to wait until the service has started, and has ended the changes that a crash had interrupted. */
  whenStarted: z.boolean(),
});
const stateOutput = z.object({
  isEnabled: z.boolean(),
  /** The version that runs. */
  version: word.optional(),
  /** The installed version that runs: `1.4.0-0123456789ab`. Absent where the plugin runs from another source. */
  installed: word.optional(),
  /** The installed version that is current. */
  current: word.optional(),
  /** All installed versions. */
  versions: names,
});
const fetchInput = z.object({
  plugin: word,
  version: word,
  /** The hash of its content. Absent where logic keeps no archive of it: then it has to be installed already. */
  hash: word.optional(),
});
const discardInput = z.object({ plugin: word, version: word });
const uninstallInput = z.object({
  plugin: word,
  /** Whether the plugin's tables and its folder in `plugin-data` are deleted too. */
  purgeData: z.boolean(),
});
/** The effects of the removal of a plugin on a service. */
export const uninstalledSchema = z.object({
  /** The versions that were removed. */
  removed: names,
  /** The schema of the database that was dropped with all its tables. */
  droppedSchema: word.optional(),
  /** The plugin's folder in `plugin-data`, if it has one. */
  data: z.object({ dir: z.string().max(maxMessage), isPurged: z.boolean() }).optional(),
});
const isDone = z.boolean();

/** How a plugin is on a service now. */
export type PluginOnService = z.infer<typeof stateOutput>;
/** A change of one plugin on one service. */
export type ServiceChangeRequest = z.infer<typeof changeRequestSchema>;
/** A {@link ServiceChangeRequest}, as logic asks for it. */
export type ServiceChangeInput = z.input<typeof changeRequestSchema>;
/** The version that a service is to have. */
export type FetchRequest = z.infer<typeof fetchInput>;
/** The effects of the removal of a plugin on a service. */
export type Uninstalled = z.infer<typeof uninstalledSchema>;

const changeInput = changeRequestSchema.extend({ id: word });
const commitInput = z.object({ id: word });
const commitOutput = z.boolean();

type Procedures = {
  readonly state: { readonly input: typeof stateInput; readonly output: typeof stateOutput };
  readonly fetch: { readonly input: typeof fetchInput; readonly output: typeof isDone };
  readonly discard: { readonly input: typeof discardInput; readonly output: typeof isDone };
  readonly uninstall: { readonly input: typeof uninstallInput; readonly output: typeof uninstalledSchema };
  readonly change: { readonly input: typeof changeInput; readonly stream: typeof progressSchema };
  readonly commit: { readonly input: typeof commitInput; readonly output: typeof commitOutput };
  readonly endProbe: { readonly input: typeof commitInput; readonly output: typeof isDone };
};

/** Changes a plugin of one service in two phases. Every service serves it to logic. */
export const PluginChangesRpc: RpcContract<Procedures> = defineRpc(`${platformPlugin}.PluginChanges`, {
  /** How a plugin is on the service. */
  state: { input: stateInput, output: stateOutput },
  /** Gets an archive from logic, verifies and unpacks it. Stops nothing. False when the version was installed already. */
  fetch: { input: fetchInput, output: isDone },
  /** Removes an installed version that neither runs nor is current. False when it does, or is not installed. */
  discard: { input: discardInput, output: isDone },
  /** Removes all installed versions of a plugin that is not enabled any more. */
  uninstall: { input: uninstallInput, output: uninstalledSchema },
  /**
   * Prepares a change: it stops nothing until `commit` is called with the same id. When the stream is cancelled before, or nobody
   * commits in time, the change is cancelled. After the commit, it goes on without the caller.
   */
  change: { input: changeInput, stream: progressSchema },
  /** Has a prepared change go on. False when there is none of that id any more. */
  commit: { input: commitInput, output: commitOutput },
  /** Ends the watch of a new generation before its time: the change is to be undone. False when it is not being made any more. */
  endProbe: { input: commitInput, output: isDone },
});
