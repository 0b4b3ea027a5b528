import { lstat, readdir, readFile, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { messageOf, PeekError } from "@peek/errors";
import {
  type BuiltWeb,
  builtWebFile,
  builtWebSchema,
  isWebFilePath,
  webApiVersion,
  webFolderLimits,
} from "@peek/web/protocol";
import { z } from "zod";
import type { WebModule } from "./WebModules.ts";

/** A web module, as its plugin declares it. */
export type DeclaredWebModule = Pick<WebModule, "plugin" | "version" | "rootDir" | "section">;

/** The checked folder of a web module. */
export interface WebFolder {
  /** The real path. */
  readonly dir: string;
  readonly built: BuiltWeb;
  /** The paths of all files but peek-web.json, relative to `dir`, with slashes; sorted. */
  readonly files: readonly string[];
}

/** How to build a module, for messages. */
const buildIt = "Build the plugin, and reload it if it runs.";

/**
 * Reads and checks the folder of a web module. Hidden files are left out; links are refused.
 *
 * @throws PeekError `WEB_MODULE_MISSING`, `WEB_MODULE_INVALID` or `WEB_API_INCOMPATIBLE`, with a message for people.
 */
export async function readWebFolder(module: DeclaredWebModule): Promise<WebFolder> {
  const { plugin, rootDir, section } = module;
  const root = await realpath(rootDir);
  const dir = await realFolder(join(root, section.dir), module);
  if (!`${dir}${sep}`.startsWith(`${root}${sep}`)) {
    throw invalid(module, `its folder ${section.dir} leads out of the package`, "Name a folder within the package.");
  }
  const built = await readDescription(dir, module);
  const files = await listFiles(dir, module);
  const known = new Set(files);
  const absent = [built.module, ...built.styles].find((path) => !known.has(path));
  if (absent !== undefined) {
    throw new PeekError(
      "WEB_MODULE_MISSING",
      `${plugin} has no page: ${section.dir}/${absent} is missing, which ${builtWebFile} names. ${buildIt}`,
      { fields: { plugin } },
    );
  }
  return { dir, built, files };
}

async function realFolder(path: string, { plugin, section }: DeclaredWebModule): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    const why = isMissing(cause) ? "is missing" : `cannot be read (${messageOf(cause)})`;
    throw new PeekError("WEB_MODULE_MISSING", `${plugin} has no page: its folder ${section.dir} ${why}. ${buildIt}`, {
      cause,
      fields: { plugin },
    });
  }
}

async function readDescription(dir: string, module: DeclaredWebModule): Promise<BuiltWeb> {
  const { plugin, section } = module;
  const path = `${section.dir}/${builtWebFile}`;
  let text: string;
  try {
    const { size } = await lstat(join(dir, builtWebFile));
    if (size > webFolderLimits.descriptionBytes) {
      throw invalid(module, `${path} has more than ${webFolderLimits.descriptionBytes} bytes`, buildIt);
    }
    text = await readFile(join(dir, builtWebFile), "utf8");
  } catch (cause) {
    if (PeekError.is(cause)) throw cause;
    const why = isMissing(cause) ? "is missing" : `cannot be read (${messageOf(cause)})`;
    throw new PeekError("WEB_MODULE_MISSING", `${plugin} has no page: ${path} ${why}. ${buildIt}`, {
      cause,
      fields: { plugin },
    });
  }
  return checkDescription(text, path, module);
}

function checkDescription(text: string, path: string, module: DeclaredWebModule): BuiltWeb {
  const { plugin } = module;
  const parsed = builtWebSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : `${z.core.toDotPath(issue.path)}: `;
    throw invalid(module, `${path} is malformed (${where}${issue?.message ?? "unknown"})`, buildIt);
  }
  const built = parsed.data;
  if (built.plugin !== plugin) {
    throw invalid(
      module,
      `${path} is of another plugin, ${built.plugin}`,
      "Correct the folder in plugin_package.json.",
    );
  }
  if (majorOf(built.webApi) !== majorOf(webApiVersion)) {
    throw new PeekError(
      "WEB_API_INCOMPATIBLE",
      `${plugin} ${module.version} was built for version ${built.webApi} of the web API, and this Peek has ${webApiVersion}. Install a version of the plugin that is built for ${majorOf(webApiVersion)}.x, or update Peek.`,
      { fields: { plugin, webApi: built.webApi } },
    );
  }
  return built;
}

async function listFiles(dir: string, module: DeclaredWebModule): Promise<readonly string[]> {
  const folders = [""];
  const files: string[] = [];
  let bytes = 0;
  // The list grows during the iteration.
  for (const folder of folders) {
    for (const entry of await readdir(join(dir, folder), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const path = `${folder}${entry.name}`;
      if (path === builtWebFile) continue;
      if (!isWebFilePath(path)) {
        throw invalid(
          module,
          `the name ${JSON.stringify(path)} has other characters than A-Z, a-z, 0-9, _, - and .`,
          "Rename it.",
        );
      }
      if (entry.isDirectory()) folders.push(`${path}/`);
      else if (!entry.isFile()) throw invalid(module, `${path} is a link or no plain file`, "Copy the file instead.");
      else {
        files.push(path);
        bytes += (await lstat(join(dir, path))).size;
      }
      if (files.length + folders.length > webFolderLimits.files || bytes > webFolderLimits.bytes) {
        const { files: maxFiles, bytes: maxBytes } = webFolderLimits;
        throw invalid(module, `its folder has more than ${maxFiles} files or ${maxBytes} bytes`, "Make it smaller.");
      }
    }
  }
  return files.sort();
}

function invalid({ plugin }: DeclaredWebModule, what: string, remedy: string): PeekError {
  return new PeekError("WEB_MODULE_INVALID", `${plugin} has no page: ${what}. ${remedy}`, { fields: { plugin } });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function majorOf(version: string): string {
  return version.split(".", 1)[0] ?? "";
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
