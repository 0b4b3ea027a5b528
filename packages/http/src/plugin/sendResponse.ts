import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { framingHeaders } from "./framing.ts";
import { isDecodedByFetch, isEncoded } from "./isEncoded.ts";
import { ResponseBody } from "./ResponseBody.ts";

/** A handler's answer, and what is told when it cannot be sent. */
export interface ResponseToSend {
  readonly method: string;
  readonly response: Response;
  /** Ends the body. */
  readonly signal: AbortSignal;
  /** Told of what the handler has done wrong; not of a browser that has gone. */
  readonly tell: (what: string, error?: unknown) => void;
  /** Answers with a status in its place. */
  readonly refuse: (status: number) => FastifyReply;
}

/**
 * Sends a handler's answer. Its framing is Node's: whatever the handler says of its length or its connection, the next answer
 * begins where this one ends.
 */
export async function sendResponse(reply: FastifyReply, answer: ResponseToSend): Promise<FastifyReply> {
  const { method, response, signal, tell, refuse } = answer;
  const trouble = whyUnusable(response);
  if (trouble !== undefined) {
    tell(trouble);
    return refuse(500);
  }
  if (response.body === null || method === "HEAD") {
    await response.body?.cancel().catch(() => undefined);
    setHead(reply, response, false);
    return reply.send();
  }
  const body = new ResponseBody(response.body, signal);
  try {
    await body.start();
    setHead(reply, response, await isEncodedAsSaid(response, body));
  } catch (error) {
    await body.cancel();
    if (!signal.aborted) tell("failed", error);
    return refuse(signal.aborted ? 503 : 500);
  }
  return reply.send(Readable.from(told(body.bytes(), answer), { objectMode: false }));
}

/** Why nothing can be made of an answer. */
function whyUnusable({ type, bodyUsed, body }: Response): string | undefined {
  if (type === "error") return "answered with Response.error(), which is no answer for a browser";
  if (bodyUsed || body?.locked === true) return "answered with a Response whose body has been read already";
  return undefined;
}

/** @param keepsEncoding Whether the body is as `content-encoding` says. */
function setHead(reply: FastifyReply, { status, headers }: Response, keepsEncoding: boolean): void {
  const dropped = framingHeaders(headers);
  reply.code(status);
  for (const [name, value] of headers) {
    if (!dropped.has(name) && (keepsEncoding || name !== "content-encoding")) reply.header(name, value);
  }
  if (!headers.has("cache-control")) reply.header("cache-control", "private, no-cache");
}

async function isEncodedAsSaid({ headers, url }: Response, body: ResponseBody): Promise<boolean> {
  const encoding = headers.get("content-encoding");
  if (encoding === null) return false;
  // One that was made by a plugin has no URL.
  if (url !== "" && isDecodedByFetch(encoding)) return false;
  const { begin, isWhole } = await body.look();
  return isEncoded(encoding, begin, isWhole);
}

/** Passes a body on, and tells when it fails on the way. */
async function* told(
  bytes: AsyncIterable<Buffer>,
  { signal, tell }: Pick<ResponseToSend, "signal" | "tell">,
): AsyncGenerator<Buffer> {
  try {
    yield* bytes;
  } catch (error) {
    if (!signal.aborted) tell("failed in the middle of its body; the connection was cut", error);
    throw error;
  }
}
