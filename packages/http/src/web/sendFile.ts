import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { fileTypeOf } from "./fileTypes.ts";
import type { FileEncoding } from "./precompress.ts";

/** A file to send. */
export interface FileToSend {
  readonly path: string;
  /** The name that determines the media type. */
  readonly name: string;
  /** How the content of `path` is encoded. Default: not at all. */
  readonly encoding?: FileEncoding | undefined;
  readonly cacheControl: string;
  /** Whether the groups of the user decide who gets it: a browser does not give its copy to the next user. Default: false. */
  readonly dependsOnUser?: boolean;
}

/** The cache control of files that never change. */
export const immutable = "private, max-age=31536000, immutable";

/** Answers with a file. @throws Error of `node:fs` */
export async function sendFile(
  reply: FastifyReply,
  { path, name, encoding, cacheControl, dependsOnUser = false }: FileToSend,
): Promise<FastifyReply> {
  const { type, isCompressible } = fileTypeOf(name);
  const vary = [...(isCompressible ? ["accept-encoding"] : []), ...(dependsOnUser ? ["cookie"] : [])];
  const file = await open(path);
  let body: Readable | undefined;
  try {
    const { size } = await file.stat();
    reply.header("cache-control", cacheControl).type(type);
    if (vary.length > 0) reply.header("vary", vary.join(", "));
    if (encoding !== undefined) reply.header("content-encoding", encoding);
    if (encoding !== undefined || !isCompressible) reply.header("content-length", size);
    if (reply.request.method !== "HEAD") body = file.createReadStream();
    return reply.send(body);
  } finally {
    // The stream closes the file.
    if (body === undefined) await file.close();
  }
}
