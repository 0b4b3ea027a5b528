import { join } from "node:path";
import negotiator from "@fastify/accept-negotiator";
import type { PeekUser } from "@peek/plugin-base";
import { isWebFilePath } from "@peek/web/protocol";
import type { FastifyReply } from "fastify";
import { sendError } from "../site/sendError.ts";
import { fileTypeOf } from "./fileTypes.ts";
import { isWebHash } from "./hashWebFolder.ts";
import { maySee } from "./maySee.ts";
import { type FileEncoding, fileEncodings } from "./precompress.ts";
import { immutable, sendFile } from "./sendFile.ts";
import type { WebCatalogues } from "./WebCatalogues.ts";
import type { WebFileStore } from "./WebFileStore.ts";
import type { WebModules } from "./WebModules.ts";

/** The parts of the site that serve the files of modules. */
export interface ModuleFiles {
  readonly modules: WebModules;
  readonly store: WebFileStore;
  readonly catalogues: WebCatalogues;
}

const forbiddenMessage = "You may not use this plugin. Ask an administrator of Peek.";

/**
 * Answers with a file of a web module.
 *
 * @param path The decoded path below `webPaths.modules`: `<plugin>/<hash>/<file>`.
 */
export async function sendModuleFile(
  { modules, store, catalogues }: ModuleFiles,
  user: PeekUser,
  path: string,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const [plugin = "", hash = "", ...names] = path.split("/");
  const file = names.join("/");
  // The path is part of paths in the file system from here on.
  if (!isWebFilePath(plugin) || !isWebHash(hash) || !isWebFilePath(file)) return sendError(reply, 404);
  const audience = modules.of(plugin)?.section ?? (await store.audienceOf(plugin, hash));
  if (audience === undefined) return sendError(reply, 404);
  if (!maySee(audience, user)) return sendError(reply, 403, forbiddenMessage);
  const copy = await store.find(plugin, hash, file);
  if (copy !== undefined) {
    const encoding = encodingFor(file, reply);
    const compressed = encoding && (await store.findCompressed(plugin, hash, file, encoding));
    return await sendFile(reply, {
      path: compressed ?? copy,
      name: file,
      cacheControl: immutable,
      dependsOnUser: true,
      ...(compressed !== undefined && { encoding }),
    });
  }
  // There is no copy when the disk is full.
  const folder = catalogues.folderOf(plugin, hash);
  if (folder?.files.includes(file) !== true) return sendError(reply, 404);
  return await sendFile(reply, {
    path: join(folder.dir, file),
    name: file,
    cacheControl: "private, no-cache",
    dependsOnUser: true,
  });
}

function encodingFor(name: string, reply: FastifyReply): FileEncoding | undefined {
  const header = reply.request.headers["accept-encoding"];
  if (header === undefined || !fileTypeOf(name).isCompressible) return undefined;
  return negotiator.negotiate(header, [...fileEncodings]) ?? undefined;
}
