import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import type { SessionHolder } from "@peek/plugin-base/internal";
import { z } from "zod";
import { sessionProof } from "./sessionProof.ts";

const word = z.string().min(1).max(200);
const sequence = z.int().min(0);

const runInput = z.object({
  type: z.string().max(300),
  body: z.string().max(256 * 1024),
  client: word,
  lane: word,
  sequence: sequence.min(1),
  after: sequence,
  acknowledged: sequence,
  /** Of the session in which it was pushed: logic itself knows the user and the device. */
  proof: sessionProof,
  pushedAt: z.string().max(40),
  /** The channels whose positions the device wants to know. */
  watch: z.array(z.object({ selector: z.string().max(9000), scope: z.string().max(200) })).max(16),
  /** The fingerprint of the page's version of the type; empty where the page does not use the type yet. */
  contract: z.string().max(64).exactOptional(),
});

/** An action, from a gateway to logic. */
export type PassedAction = z.infer<typeof runInput>;

/** An action on logic, with its user and device. */
export type ActionEnvelope = Omit<PassedAction, "proof"> & SessionHolder;

const position = z.object({ epoch: z.string().max(100), offset: sequence });
const positions = z.array(position.nullable()).max(16);
const message = z.string().max(2000);
const code = z.string().max(100);

const outcome = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("done"), result: z.string(), at: positions }),
  z.object({ kind: z.literal("rejected"), code, msg: message, at: positions }),
  z.object({ kind: z.literal("retry"), code, msg: message, afterMs: z.number() }),
  z.object({ kind: z.literal("early"), last: sequence }),
]);

/** The outcome of an action. */
export type ActionOutcome = z.infer<typeof outcome>;

type ActionsProcedures = { readonly run: { readonly input: typeof runInput; readonly output: typeof outcome } };

/** How gateways have actions executed. Logic serves it to field and office only. */
export const ActionsRpc: RpcContract<ActionsProcedures> = defineRpc("peek_core_platform.Actions", {
  run: { input: runInput, output: outcome },
});
