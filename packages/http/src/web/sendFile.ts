import { open } from "node:fs/promises";
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
}

/** The cache control of files that never change. */
export const immutable = "private, max-age=31536000, immutable";

/** Answers with a file. @throws Error of `node:fs` */
export async function sendFile(
  reply: FastifyReply,
  { path, name, encoding, cacheControl }: FileToSend,
): Promise<FastifyReply> {
  const { type, isCompressible } = fileTypeOf(name);
  const file = await open(path);
  const { size } = await file.stat();
  reply.header("cache-control", cacheControl).type(type);
  if (isCompressible) reply.header("vary", "accept-encoding");
  if (encoding !== undefined) reply.header("content-encoding", encoding);
  if (encoding !== undefined || !isCompressible) reply.header("content-length", size);
  if (reply.request.method === "HEAD") {
    await file.close();
    return reply.send();
  }
  return reply.send(file.createReadStream());
}
