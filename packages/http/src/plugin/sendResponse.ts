import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { framingHeaders } from "./framingHeaders.ts";
import { isDecodedByFetch, isEncoded } from "./contentEncoding.ts";
import { ResponseBody } from "./ResponseBody.ts";

/** A handler's response to send. */
export interface ResponseToSend {
  readonly method: string;
  readonly response: Response;
  /** Cancels the body. */
  readonly signal: AbortSignal;
  /** Reports an error of the handler; not the disconnection of a browser. */
  readonly report: (problem: string, error?: unknown) => void;
  /** Answers with an error instead. */
  readonly refuse: (status: number) => FastifyReply;
}

/**
 * Sends a handler's response. Node does the framing, and ignores headers of the handler about the length or the connection: otherwise
 * the next response on the connection could begin at a wrong place.
 */
export async function sendResponse(reply: FastifyReply, answer: ResponseToSend): Promise<FastifyReply> {
  const { method, response, signal, report, refuse } = answer;
  const problem = problemOf(response);
  if (problem !== undefined) {
    report(problem);
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
    if (!signal.aborted) report("failed", error);
    return refuse(signal.aborted ? 503 : 500);
  }
  return reply.send(Readable.from(withErrorReport(body.bytes(), answer), { objectMode: false }));
}

/** Why a response cannot be sent; undefined when it can. */
function problemOf({ type, bodyUsed, body }: Response): string | undefined {
  if (type === "error") return "returned Response.error(), which cannot be sent to a browser";
  if (bodyUsed || body?.locked === true) return "returned a Response whose body has already been read";
  return undefined;
}

/** @param keepsEncoding Whether the body is encoded as `content-encoding` says. */
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
  // Only a response of fetch() has a URL.
  if (url !== "" && isDecodedByFetch(encoding)) return false;
  const { beginning, isWhole } = await body.inspect();
  return isEncoded(encoding, beginning, isWhole);
}

/** Passes a body on, and reports an error in the middle of it. */
async function* withErrorReport(
  bytes: AsyncIterable<Buffer>,
  { signal, report }: Pick<ResponseToSend, "signal" | "report">,
): AsyncGenerator<Buffer> {
  try {
    yield* bytes;
  } catch (error) {
    if (!signal.aborted) report("failed in the middle of its body; the connection was closed", error);
    throw error;
  }
}
