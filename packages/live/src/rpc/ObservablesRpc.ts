import type { RpcClient } from "@peek/plugin-base";
import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { sessionProof } from "./sessionProof.ts";

const canonical = z.string().max(9000);
const scope = z.string().max(200);
const offset = z.int().min(0);
const epoch = z.string().max(100);

const followInput = z.object({
  /** Of a session on whose behalf the channel is followed: that of a browser that watches. */
  proof: sessionProof,
  /** In canonical form. */
  selector: canonical,
  scope,
  /** Whether the gateway has asked for each user whether the user may watch. */
  guarded: z.boolean(),
  /** The position that the gateway has from before. The digest is empty when logic should know the position. */
  at: z.object({ epoch, offset, digest: z.string().max(200) }).optional(),
});

/**
 * An update of a channel. They come in this order: `open`; then `unchanged`, or `delta`s, or `history` and `snapshot`; then
 * `delta`s. `stale` and `current` may come between all of these. Or there is `invalid`, and nothing else.
 */
const update = z.discriminatedUnion("k", [
  /**
   * The key fields of the tuples; whether `authorize` or `scope` decides for each user. If the gateway has believed otherwise, nothing
   * else follows: the browsers that watch have to be admitted anew.
   */
  z.object({ k: z.literal("open"), key: z.array(z.string()).min(1), guarded: z.boolean() }),
  /** The observable refuses the selector. */
  z.object({ k: z.literal("invalid"), message: z.string().max(2000) }),
  /** The session has ended, or may not follow the channel; another may. Nothing else follows. */
  z.object({ k: z.literal("lapsed") }),
  /** The tuples of the gateway are right; this is their position. */
  z.object({ k: z.literal("unchanged"), e: epoch, o: offset }),
  /** A delta of before the snapshot that follows, for browsers that come from another gateway. `d` is a Delta as JSON. */
  z.object({ k: z.literal("history"), e: epoch, f: offset, o: offset, d: z.string() }),
  /** All tuples: `rows` is a JSON list of them. */
  z.object({ k: z.literal("snapshot"), e: epoch, o: offset, rows: z.string() }),
  z.object({ k: z.literal("delta"), e: epoch, f: offset, o: offset, d: z.string() }),
  /** The tuples are not known to be current; they were, `age` milliseconds ago. `why` is for people. */
  z.object({ k: z.literal("stale"), age: z.number().min(0), why: z.string().max(300) }),
  /** The tuples are known to be current again. */
  z.object({ k: z.literal("current") }),
]);

/** An update of a channel, from logic to a gateway. */
export type ChannelUpdate = z.infer<typeof update>;

const ask = z.object({ proof: sessionProof, selector: canonical });

/** The input of `follow`. */
export type FollowInput = z.infer<typeof followInput>;

/** A question whether the user of a session may watch. */
export type Ask = z.infer<typeof ask>;

/** The answer to an {@link Ask}: whether the user may watch, and in which scope. */
const admission = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), scope, guarded: z.boolean() }),
  z.object({ ok: z.literal(false), code: z.string().max(100), message: z.string().max(2000) }),
]);

export type Admission = z.infer<typeof admission>;

type ObservablesProcedures = {
  readonly follow: { readonly input: typeof followInput; readonly stream: typeof update };
  readonly admit: {
    readonly input: z.ZodObject<{ asks: z.ZodArray<typeof ask> }>;
    readonly output: z.ZodArray<typeof admission>;
  };
  readonly alive: { readonly output: z.ZodNull };
  readonly rights: { readonly stream: z.ZodObject<{ observable: z.ZodString }> };
};

/** The plugin name of the platform itself. */
const platform = "peek_core_platform";

/**
 * How gateways watch the observables of logic. Logic serves it to field and office only, and to each of them the observables that may
 * be exposed there. No call names a user: logic itself knows the user of a session.
 */
export const ObservablesRpc: RpcContract<ObservablesProcedures> = defineRpc(`${platform}.Observables`, {
  /** Follows one channel, as long as the stream is read. A slow reader skips intermediate states and receives the latest one. */
  follow: { input: followInput, stream: update },
  /** The answers in the order of the questions. `SESSION_ENDED`, `FORBIDDEN`, `OBSERVABLE_UNKNOWN`, `DATA_INVALID`. */
  admit: { input: z.object({ asks: z.array(ask).min(1).max(1000) }), output: z.array(admission) },
  /**
   * Answers at once. All updates before the answer are at least as of the time of the question; channels that were not known to be
   * current then have been reported as `stale`.
   */
  alive: { output: z.null() },
  /** The names of observables whose rights have changed: the browsers that watch have to be admitted anew. */
  rights: { stream: z.object({ observable: z.string().max(300) }) },
});

/** Calls logic. */
export type ObservablesClient = RpcClient<ObservablesProcedures>;
