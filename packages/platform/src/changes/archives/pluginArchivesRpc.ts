import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { platformPlugin } from "../../status/serviceStatusRpc.ts";

/** The maximum size of one part of an archive that is sent, in bytes. */
export const maxChunkBytes: number = 256 * 1024;
/** A part of an archive, as base64. */
export const chunkSchema = z.base64().max(Math.ceil(maxChunkBytes / 3) * 4);
export const offsetSchema = z.int().min(0);

const word = z.string().max(300);
const readInput = z.object({
  plugin: word,
  /** The name of the version, which has the beginning of the content's hash: `1.4.0-0123456789ab`. */
  version: word,
  /** Where to read, in bytes. */
  offset: offsetSchema,
});
const readOutput = z.object({
  data: chunkSchema,
  /** The size of the archive. */
  bytes: z.int().min(0),
});

type Procedures = { readonly read: { readonly input: typeof readInput; readonly output: typeof readOutput } };

/** Reads the archives that logic keeps. Logic serves it to all services. */
export const PluginArchivesRpc: RpcContract<Procedures> = defineRpc(`${platformPlugin}.PluginArchives`, {
  /** The bytes from an offset on, at most {@link maxChunkBytes}; none behind the end. */
  read: { input: readInput, output: readOutput },
});
