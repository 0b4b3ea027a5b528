import { messageOf, PeekError } from "@peek/errors";
import { z } from "zod";
import type { ServerMessage } from "@peek/live-protocol";
import { doneSchema, rejectedSchema } from "../outcomeSchemas.ts";

const whole = z.int().min(0);
const age = z.number().min(0);
const text = z.string();
const rows = z.array(z.unknown());

const outcome = z.discriminatedUnion("kind", [
  doneSchema,
  rejectedSchema,
  z.object({ kind: z.literal("retry"), code: text, msg: text, afterMs: z.number() }),
  z.object({ kind: z.literal("early"), last: whole }),
]);

const messages = {
  hi: z.object({
    t: z.literal("hi"),
    user: z.object({ id: text, name: text, anonymous: z.boolean() }),
    device: text,
    beatMs: z.number().min(10),
    pulseMs: z.number().min(1).exactOptional(),
    upstream: z.boolean(),
    age: age.exactOptional(),
    why: text.exactOptional(),
  }),
  beat: z.object({ t: z.literal("beat") }),
  pulse: z.object({ t: z.literal("pulse"), n: whole.exactOptional() }),
  up: z.object({ t: z.literal("up"), on: z.boolean(), age: age.exactOptional(), why: text.exactOptional() }),
  on: z.object({ t: z.literal("on"), id: whole, c: whole, key: z.array(text) }),
  off: z.object({ t: z.literal("off"), id: whole, code: text, msg: text }),
  s: z.object({ t: z.literal("s"), c: whole, e: text, o: whole, rows }),
  d: z.object({
    t: z.literal("d"),
    c: whole,
    e: text,
    fe: text.exactOptional(),
    f: whole,
    o: whole,
    r: z.array(text).exactOptional(),
    u: rows.exactOptional(),
    i: z.array(z.tuple([whole, z.unknown()])).exactOptional(),
  }),
  u: z.object({ t: z.literal("u"), c: whole, e: text, o: whole }),
  stale: z.object({ t: z.literal("stale"), c: whole, age, why: text }),
  current: z.object({ t: z.literal("current"), c: whole }),
  res: z.object({ t: z.literal("res"), id: whole, out: outcome }),
  err: z.object({ t: z.literal("err"), code: text, msg: text }),
};

const kind = z.object({ t: text });

/**
 * Parses and checks a message of the service.
 *
 * @returns Undefined for a type of message that only newer versions of the client know.
 * @throws PeekError `DATA_INVALID`
 */
export function readServerMessage(json: string): ServerMessage | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const { t } = kind.parse(value);
    const schema = Object.hasOwn(messages, t) ? messages[t as keyof typeof messages] : undefined;
    return schema?.parse(value);
  } catch (cause) {
    const message = `A message of the service is invalid: ${problemOf(cause)}. Reload the page to update it.`;
    throw new PeekError("DATA_INVALID", message, { cause });
  }
}

function problemOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return messageOf(error);
  const [issue] = error.issues;
  return `${issue?.path.map(String).join(".")}: ${issue?.message}`;
}
