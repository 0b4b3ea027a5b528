import type { RpcClient } from "@peek/plugin-base";
import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { sessionProof } from "./sessionProof.ts";

const canonical = z.string().max(9000);
const scope = z.string().max(200);
const offset = z.int().min(0);
const epoch = z.string().max(100);

const followInput = z.object({
  /** Of a session in whose name it is followed: that of one who watches. */
  proof: sessionProof,
  /** The canonical text of a selector. */
  selector: canonical,
  scope,
  /** Whether the follower has asked for each who watches whether he may. */
  guarded: z.boolean(),
  /** The position that the gateway has from before. The digest is empty when logic should know the position. */
  at: z.object({ epoch, offset, digest: z.string().max(200) }).optional(),
});

/**
 * What one who follows a channel is told, in this order: `open`; then `unchanged`, or `delta`s, or `history` and `snapshot`;
 * then `delta`s. `stale` and `current` may come between all of these. Or `invalid`, and nothing else.
 */
const update = z.discriminatedUnion("k", [
  /**
   * The key fields of the tuples; whether `authorize` or `scope` has to be asked for each who watches. When that is not what
   * the follower takes it for, nothing else is told: who watches has to be admitted anew.
   */
  z.object({ k: z.literal("open"), key: z.array(z.string()).min(1), guarded: z.boolean() }),
  /** The observable does not take the selector. */
  z.object({ k: z.literal("invalid"), message: z.string().max(2000) }),
  /** The session has ended, or may not follow this: another may. Nothing else comes. */
  z.object({ k: z.literal("lapsed") }),
  /** What the follower has is right; this is where it is now. */
  z.object({ k: z.literal("unchanged"), e: epoch, o: offset }),
  /** A delta from before the snapshot that follows, for those who were at that position elsewhere. `d` is a Delta as JSON. */
  z.object({ k: z.literal("history"), e: epoch, f: offset, o: offset, d: z.string() }),
  /** All tuples: `rows` is a JSON list of them. */
  z.object({ k: z.literal("snapshot"), e: epoch, o: offset, rows: z.string() }),
  z.object({ k: z.literal("delta"), e: epoch, f: offset, o: offset, d: z.string() }),
  /** It is not known to be current, and was the last time so many milliseconds ago. `why` is for people. */
  z.object({ k: z.literal("stale"), age: z.number().min(0), why: z.string().max(300) }),
  /** It is known to be current again. */
  z.object({ k: z.literal("current") }),
]);

/** One message about a channel between logic and a gateway. */
export type ChannelUpdate = z.infer<typeof update>;

const ask = z.object({ proof: sessionProof, selector: canonical });

/** What logic is asked to follow. */
export type FollowInput = z.infer<typeof followInput>;

/** A question who may watch. */
export type Ask = z.infer<typeof ask>;

/** Whether the user of a session may watch, and in which scope. */
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

/** Under whose name the platform itself serves what it offers to other services. */
const platform = "peek_core_platform";

/**
 * How field and office watch what logic provides. Logic serves it to field and office alone, and to each what may be exposed there. A
 * user is not named: what is shown is what the session's may see, as logic itself knows it.
 */
export const ObservablesRpc: RpcContract<ObservablesProcedures> = defineRpc(`${platform}.Observables`, {
  /** Follows one channel, for as long as it is read. A reader that is slow gets what has become of it, not each step. */
  follow: { input: followInput, stream: update },
  /** For each ask, in order. `SESSION_ENDED`, `FORBIDDEN`, `OBSERVABLE_UNKNOWN`, `DATA_INVALID`. */
  admit: { input: z.object({ asks: z.array(ask).min(1).max(1000) }), output: z.array(admission) },
  /**
   * Is answered at once. What is told until then is how things were when this was asked, at least; what was not known to be
   * current then has been told to be `stale`.
   */
  alive: { output: z.null() },
  /** The names of observables whose rights have changed: who watches is to be admitted again. */
  rights: { stream: z.object({ observable: z.string().max(300) }) },
});

/** Calls logic. */
export type ObservablesClient = RpcClient<ObservablesProcedures>;
