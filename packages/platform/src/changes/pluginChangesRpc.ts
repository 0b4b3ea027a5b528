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
export const changeRequestSchema = z.object({ kind, plugin: word });

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

const changeInput = changeRequestSchema.extend({
  id: word,
  /** Whether the migrations of the new version are tried. Default: false. */
  rehearse: z.boolean().default(false),
});
const commitInput = z.object({ id: word });
const commitOutput = z.boolean();

type Procedures = {
  readonly change: { readonly input: typeof changeInput; readonly stream: typeof progressSchema };
  readonly commit: { readonly input: typeof commitInput; readonly output: typeof commitOutput };
};

/** Changes a plugin of one service in two phases. Every service serves it to logic. */
export const PluginChangesRpc: RpcContract<Procedures> = defineRpc(`${platformPlugin}.PluginChanges`, {
  /**
   * Prepares a change: it stops nothing until `commit` is called with the same id. When the stream is cancelled before, or nobody
   * commits in time, the change is cancelled. After the commit, it goes on without the caller.
   */
  change: { input: changeInput, stream: progressSchema },
  /** Has a prepared change go on. False when there is none of that id any more. */
  commit: { input: commitInput, output: commitOutput },
});
