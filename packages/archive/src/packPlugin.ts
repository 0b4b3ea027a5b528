import { createHash, randomUUID } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, posix, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { messageOf, PeekError } from "@peek/errors";
import { packageNameOf, serviceNames } from "@peek/plugin-base";
import type { PluginPackage } from "@peek/plugin-base/manifest";
import { archivedPackageJson, pluginBaseRange } from "./archivedPackageJson.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "./ArchiveLimits.ts";
import {
  archiveFormat,
  type ArchiveManifest,
  archiveManifestName,
  archiveManifestText,
  type ContractHash,
} from "./ArchiveManifest.ts";
import { bundledPackages } from "./bundledPackages.ts";
import { dependencyOf, type NpmPackage, readNpmPackage } from "./NpmPackage.ts";
import { packError } from "./packError.ts";
import { allFiles, packageFiles } from "./packageFiles.ts";
import { pathFault } from "./pathFault.ts";
import { type PackedFile, tarStream } from "./tarStream.ts";

/** How a plugin is packed. */
export interface PackOptions {
  /** Its checked plugin_package.json. */
  readonly manifest: PluginPackage;
  /** The contracts that it declares. Default: none. */
  readonly contracts?: readonly ContractHash[];
  /** The file, or the folder in which it gets the name `<package>-<version>.tgz`. */
  readonly out: string;
  /** The limits that the archive will have to keep. Default: `defaultArchiveLimits`. */
  readonly limits?: ArchiveLimits;
}

/** An archive that was made. */
export interface PackedArchive {
  readonly file: string;
  /** The size of the file, in bytes. */
  readonly bytes: number;
  readonly manifest: ArchiveManifest;
}

/**
 * Makes the archive of a built plugin. Equal content makes the same archive, byte for byte.
 *
 * @param dir The plugin's package.
 * @throws PeekError `PLUGIN_NOT_PACKABLE`; no file is made then.
 */
export async function packPlugin(dir: string, options: PackOptions): Promise<PackedArchive> {
  const { manifest: declared, contracts = [], limits = defaultArchiveLimits } = options;
  const plugin = readNpmPackage(dir);
  const name = declared.plugin.packageName;
  if (plugin.json.name !== packageNameOf(name)) {
    throw packError(dir, `is the package ${plugin.json.name} of ${name}. Name the package ${packageNameOf(name)}.`);
  }
  const pluginBase = dependencyOf(plugin, "@peek/plugin-base");
  if (pluginBase === undefined) {
    throw packError(dir, "has no @peek/plugin-base installed. Add it to the dependencies, and install it.");
  }
  const files = filesOf(plugin, pluginBase);
  checkPaths(dir, files, limits);
  checkWebModules(dir, files, declared);
  const manifest: ArchiveManifest = {
    format: archiveFormat,
    plugin: name,
    version: declared.plugin.version,
    services: serviceNames.filter((service) => declared.requiresServices.includes(service)),
    pluginBase: pluginBaseRange(plugin, pluginBase),
    files: await listOf(files),
    contracts: contracts.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
  };
  const text = Buffer.from(archiveManifestText(manifest));
  const file = targetFile(options.out, plugin.json.name, manifest.version);
  const bytes = await writeArchive(file, [{ path: archiveManifestName, read: async () => text }, ...files]);
  return { file, bytes, manifest };
}

function filesOf(plugin: NpmPackage, pluginBase: NpmPackage): readonly PackedFile[] {
  const bundled = bundledPackages(plugin, pluginBase);
  const json = Buffer.from(archivedPackageJson(plugin, bundled));
  const own = packageFiles(plugin).filter((path) => path !== "package.json" && path !== archiveManifestName);
  const files = [
    { path: "package.json", read: async () => json },
    ...own.map((path) => onDisk(plugin, path, path)),
    ...bundled.flatMap(({ path, source }) => allFiles(source).map((each) => onDisk(source, each, `${path}/${each}`))),
  ];
  return files.sort((one, other) => (one.path < other.path ? -1 : 1));
}

function onDisk({ dir }: NpmPackage, path: string, packedPath: string): PackedFile {
  return { path: packedPath, read: () => readFile(join(dir, path)) };
}

function checkPaths(dir: string, files: readonly PackedFile[], { maxFiles, maxPath }: ArchiveLimits): void {
  if (files.length >= maxFiles) {
    throw packError(
      dir,
      `has ${files.length} files; the limit is ${maxFiles}. Leave out what the plugin does not need.`,
    );
  }
  for (const { path } of files) {
    const fault = pathFault(`package/${path}`, maxPath);
    if (fault !== undefined) throw packError(dir, `has a file whose path ${JSON.stringify(path)} ${fault}. Rename it.`);
  }
}

/** The manifest may name a folder that "files" in package.json leaves out. */
function checkWebModules(dir: string, files: readonly PackedFile[], { field, office, admin }: PluginPackage): void {
  const packed = new Set(files.map(({ path }) => path));
  for (const web of [field?.web, office?.web, admin?.web]) {
    if (web === undefined || packed.has(posix.join(web.dir, "peek-web.json"))) continue;
    throw packError(
      dir,
      `does not pack ${web.dir}/peek-web.json, of the web module that plugin_package.json names. Build the plugin, and add ${web.dir} to "files" in package.json.`,
    );
  }
}

async function listOf(files: readonly PackedFile[]): Promise<ArchiveManifest["files"]> {
  const list: ArchiveManifest["files"] = [];
  for (const { path, read } of files) {
    const content = await read();
    list.push({ path, size: content.length, sha256: createHash("sha256").update(content).digest("hex") });
  }
  return list;
}

function targetFile(out: string, packageName: string, version: string): string {
  const path = resolve(out);
  const namesFile = /\.(?:tgz|tar\.gz)$/.test(path) && !isFolder(path);
  return namesFile ? path : join(path, `${packageName}-${version}.tgz`);
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

async function writeArchive(file: string, files: readonly PackedFile[]): Promise<number> {
  const draft = join(dirname(file), `.${basename(file)}.${randomUUID()}.tmp`);
  try {
    mkdirSync(dirname(file), { recursive: true });
    await pipeline(
      Readable.from(tarStream(files), { objectMode: false }),
      createGzip({ level: 9 }),
      createWriteStream(draft),
    );
    const { size } = statSync(draft);
    renameSync(draft, file);
    return size;
  } catch (cause) {
    if (existsSync(draft)) rmSync(draft);
    if (PeekError.is(cause)) throw cause;
    throw packError(
      file,
      `cannot be written: ${messageOf(cause)}. Name a folder that this account can write in --out.`,
      cause,
    );
  }
}
