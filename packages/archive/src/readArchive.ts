import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { messageOf, PeekError } from "@peek/errors";
import { packageNameOf, serviceNames } from "@peek/plugin-base";
import { type PluginManifest, pluginPackageSchema } from "@peek/plugin-base/manifest";
import { z } from "zod";
import { type ArchiveEntry, archiveEntries } from "./archiveEntries.ts";
import { archiveError } from "./archiveError.ts";
import type { ArchiveExpectation } from "./ArchiveExpectation.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "./ArchiveLimits.ts";
import {
  type ArchivedFile,
  archiveFormat,
  type ArchiveManifest,
  archiveManifestName,
  archiveManifestSchema,
  maxManifestBytes,
} from "./ArchiveManifest.ts";
import { checkExpectation } from "./checkExpectation.ts";
import { parseArchived } from "./parseArchived.ts";

/** An archive that was read to its end and is valid. */
export interface ReadArchive {
  readonly manifest: ArchiveManifest;
  /** The plugin_package.json in it. */
  readonly plugin: PluginManifest;
  /** The SHA-256 of peek-archive.json, which contains those of all other files: equal for equal content. */
  readonly hash: string;
}

/** How an archive is read. */
export interface ReadArchiveOptions {
  /** Default: none is checked. */
  readonly expected?: ArchiveExpectation;
  /** Default: {@link defaultArchiveLimits}. */
  readonly limits?: ArchiveLimits;
  /**
   * Called for each file, one after the other, and awaited. The content is checked only at its end, and the archive as a whole at its
   * own: what this function keeps has to be discarded when reading fails. Default: nothing is kept.
   */
  readonly onFile?: (path: string, body: AsyncIterable<Uint8Array>) => Promise<void>;
}

/**
 * Reads and verifies an archive of a plugin. It is read in pieces: the memory does not depend on the size of the archive.
 *
 * @throws PeekError `ARCHIVE_UNREADABLE`, `ARCHIVE_TOO_LARGE`, `ARCHIVE_INVALID`, or one of {@link checkExpectation}
 */
export async function readArchive(file: string, options: ReadArchiveOptions = {}): Promise<ReadArchive> {
  const limits = options.limits ?? defaultArchiveLimits;
  await using handle = await openArchive(file, limits);
  let reader: ContentReader | undefined;
  for await (const entry of archiveEntries(handle, file, limits)) {
    if (reader !== undefined) await reader.read(entry);
    else reader = await ContentReader.begin(entry, file, options);
  }
  if (reader === undefined) throw archiveError("ARCHIVE_INVALID", file, "is empty. Copy it again.");
  return reader.end();
}

async function openArchive(file: string, limits: ArchiveLimits): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    // O_NONBLOCK: opening a pipe must not wait for a writer.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw unreadable(file, messageOf(cause), cause);
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw unreadable(file, "it is not a plain file");
    if (stat.size <= limits.maxBytes) return handle;
    throw archiveError(
      "ARCHIVE_TOO_LARGE",
      file,
      `has ${stat.size} bytes; the limit is ${limits.maxBytes}. Ship large data separately.`,
    );
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function unreadable(file: string, why: string, cause?: unknown): PeekError {
  return new PeekError("ARCHIVE_UNREADABLE", `${file} cannot be read: ${why}. Name a .tgz file of peek plugin pack.`, {
    cause,
    fields: { file },
  });
}

const packageSchema = z.looseObject({ name: z.string(), version: z.string().optional() });

/** Compares the files of an archive with its manifest, one after the other. */
class ContentReader {
  readonly #file: string;
  readonly #manifest: ArchiveManifest;
  readonly #hash: string;
  readonly #onFile: NonNullable<ReadArchiveOptions["onFile"]>;
  readonly #missing: Map<string, ArchivedFile>;
  readonly #kept = new Map<string, Uint8Array>();

  private constructor(file: string, manifest: ArchiveManifest, hash: string, onFile: ReadArchiveOptions["onFile"]) {
    this.#file = file;
    this.#manifest = manifest;
    this.#hash = hash;
    this.#onFile = onFile ?? (async (_, body) => void (await drained(body)));
    this.#missing = new Map(manifest.files.map((each) => [each.path, each]));
  }

  /** Reads the manifest, and compares it with what is expected, before any other file. */
  static async begin(entry: ArchiveEntry, file: string, options: ReadArchiveOptions): Promise<ContentReader> {
    if (entry.path !== archiveManifestName) {
      throw archiveError(
        "ARCHIVE_INVALID",
        file,
        `does not begin with ${archiveManifestName}: it is no archive of a plugin, or was packed again by another program. Make it with peek plugin pack.`,
      );
    }
    const bytes = await wholeText(entry, file);
    const manifest = parseArchived(bytes, { file, path: archiveManifestName }, archiveManifestSchema, exampleManifest);
    if (options.expected !== undefined) checkExpectation(manifest, options.expected, file);
    const hash = createHash("sha256").update(bytes).digest("hex");
    const reader = new ContentReader(file, manifest, hash, options.onFile);
    if (reader.#missing.size < manifest.files.length) reader.#refuse("lists a file twice");
    await reader.#onFile(archiveManifestName, once(bytes));
    return reader;
  }

  async read(entry: ArchiveEntry): Promise<void> {
    const { path, size } = entry;
    const listed = this.#missing.get(path);
    if (listed === undefined)
      this.#refuse(`contains ${JSON.stringify(path)}, which ${archiveManifestName} does not list`);
    this.#missing.delete(path);
    if (size !== listed.size) {
      this.#refuse(`has ${size} bytes of ${JSON.stringify(path)}; ${archiveManifestName} says ${listed.size}`);
    }
    const hash = createHash("sha256");
    if (path === "package.json" || path === "plugin_package.json") {
      const bytes = await wholeText(entry, this.#file);
      this.#kept.set(path, bytes);
      hash.update(bytes);
      await this.#onFile(path, once(bytes));
    } else {
      await this.#onFile(path, hashed(entry.body, hash));
    }
    if (hash.digest("hex") !== listed.sha256) {
      this.#refuse(`has other content in ${JSON.stringify(path)} than ${archiveManifestName} says`);
    }
  }

  end(): ReadArchive {
    const [missing] = this.#missing.keys();
    if (missing !== undefined) this.#refuse(`lacks ${JSON.stringify(missing)}, which ${archiveManifestName} lists`);
    return { manifest: this.#manifest, plugin: this.#checkPackage(), hash: this.#hash };
  }

  /** The manifests of npm and of the plugin have to say the same as the archive's. */
  #checkPackage(): PluginManifest {
    const { plugin, version, services } = this.#manifest;
    const packed = this.#parse("package.json", packageSchema, { name: packageNameOf(plugin), version });
    const declared = this.#parse("plugin_package.json", pluginPackageSchema, examplePlugin(plugin));
    if (packed.name !== packageNameOf(plugin))
      this.#refuse(`is of ${plugin}, and package.json has the name ${packed.name}`);
    if (declared.plugin.packageName !== plugin) {
      this.#refuse(`is of ${plugin}, and plugin_package.json of ${declared.plugin.packageName}`);
    }
    for (const each of [packed.version, declared.plugin.version]) {
      if (each !== undefined && each !== version) this.#refuse(`has the version ${version} and the version ${each}`);
    }
    const required = serviceNames.filter((service) => declared.requiresServices.includes(service));
    const absent = required.find((service) => !services.includes(service));
    if (absent !== undefined) {
      this.#refuse(`has no part for ${absent}, which its plugin_package.json requires`);
    }
    return declared;
  }

  #parse<T>(path: string, schema: z.ZodType<T>, example: object): T {
    const bytes = this.#kept.get(path);
    if (bytes === undefined) this.#refuse(`has no ${path}`);
    return parseArchived(bytes, { file: this.#file, path }, schema, example);
  }

  #refuse(what: string): never {
    throw archiveError(
      "ARCHIVE_INVALID",
      this.#file,
      `${what}. Make it again with peek plugin pack, and copy it again.`,
    );
  }
}

async function wholeText({ path, size, body }: ArchiveEntry, file: string): Promise<Uint8Array> {
  if (size > maxManifestBytes) {
    throw archiveError("ARCHIVE_TOO_LARGE", file, `has ${size} bytes of ${path}; the limit is ${maxManifestBytes}.`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* hashed(
  body: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    hash.update(chunk);
    yield chunk;
  }
}

async function drained(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  return bytes;
}

const exampleManifest: ArchiveManifest = {
  format: archiveFormat,
  plugin: "peek_plugin_pump_log",
  version: "1.0.0",
  services: ["logic"],
  pluginBase: "^0.1.0",
  files: [],
  contracts: [],
};

function examplePlugin(name: string): object {
  return {
    plugin: { title: "Pump Log", packageName: name, version: "1.0.0", creator: "Example Ltd" },
    requiresServices: ["logic"],
    dependencies: { peek_plugin_other: "^1.0.0" },
    storage: { migrationsDir: "_private/storage/migrations" },
  };
}
