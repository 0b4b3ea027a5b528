import { PeekError } from "@peek/errors";
import { z } from "zod";
import type { ClientMessage } from "@peek/live-protocol";

const id = z.int().min(0);
const offset = z.int().min(0);
/** It is stored in the database, which refuses NUL and lone surrogates: two different texts would become the same one. */
const word = z
  .string()
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u);
/** {@link TupleSelector} allows 8 KiB. */
const canonical = z.string().max(8 * 1024);

const action = z.object({
  type: z.string().max(300),
  // Of encode(), which escapes lone surrogates.
  body: z
    .string()
    .max(256 * 1024)
    .refine((text) => text.isWellFormed(), { error: "is not well-formed" }),
  client: word,
  lane: word,
  seq: z.int().min(1),
  after: offset,
  acked: offset,
  at: z.iso.datetime().max(40),
  watch: z.array(canonical).max(16),
  contract: z.string().max(64).exactOptional(),
});

const schema: z.ZodType<ClientMessage> = z.discriminatedUnion("t", [
  z.object({
    t: z.literal("sub"),
    id,
    sel: canonical,
    at: z.object({ epoch: z.string().max(100), offset, digest: z.string().max(200).exactOptional() }).exactOptional(),
  }),
  z.object({ t: z.literal("unsub"), id }),
  z.object({ t: z.literal("act"), id, act: action }),
  z.object({ t: z.literal("beat") }),
  z.object({ t: z.literal("probe"), n: id }),
]);

/** How many characters of zod's error are sent. It names the place, and quotes nothing. */
const maxDetail = 200;

/**
 * Checks a message of a browser.
 *
 * @throws PeekError `CLIENT_FRAME_INVALID`; its message quotes nothing of the text.
 */
export function readClientMessage(text: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's error quotes the text.
    throw frameInvalid("it is not JSON");
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const path = issue === undefined ? "" : issue.path.map(String).join(".");
  throw frameInvalid(`${path === "" ? "the message" : path}: ${issue?.message ?? "is invalid"}`.slice(0, maxDetail));
}

/** The error of an invalid message. */
export function frameInvalid(problem: string): PeekError {
  return new PeekError("CLIENT_FRAME_INVALID", `Invalid message: ${problem}.`);
}
