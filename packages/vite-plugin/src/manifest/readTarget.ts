import { PeekError } from "@peek/plugin-base";
import { type PluginManifest, pluginPackageSchema, type WebSection } from "@peek/plugin-base/manifest";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import type { PeekWebOptions } from "../PeekWebOptions.ts";
import { declarationOf, type WebTarget } from "./WebTarget.ts";

/** The file that describes a plugin. */
export const manifestFile = "plugin_package.json";

/**
 * Reads plugin_package.json for the module that is built.
 *
 * @param root The package's folder.
 * @throws PeekError `WEB_BUILD_INVALID` when the file is invalid, declares no module, or its entry is missing.
 */
export function readTarget(root: string, options: PeekWebOptions): WebTarget {
  const manifest = readManifest(join(root, manifestFile));
  const sections = [manifest.field, manifest.office, manifest.admin].flatMap((section) => section?.web ?? []);
  const dir = chooseDir(sections, options.dir);
  return {
    plugin: manifest.plugin.packageName,
    root,
    dir,
    entry: findEntry(root, dir, options.entry),
    declared: declarationOf(sections.filter((section) => posix.normalize(section.dir) === dir)),
  };
}

function readManifest(file: string): PluginManifest {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw invalid(`Failed to read ${file}: ${cause instanceof Error ? cause.message : String(cause)}.`, cause);
  }
  const { success, data, error } = pluginPackageSchema.safeParse(json);
  if (success) return data;
  const [issue] = error.issues;
  throw invalid(`${file} is invalid at ${issue?.path.join(".")}: ${issue?.message}.`);
}

function chooseDir(sections: readonly WebSection[], wanted: string | undefined): string {
  const dirs = [...new Set(sections.map(({ dir }) => posix.normalize(dir)))];
  const [first, ...others] = dirs;
  if (first === undefined) {
    throw invalid(
      `${manifestFile} declares no web module. Add the key "web" to its section "field", "office" or "admin".`,
    );
  }
  if (wanted === undefined) {
    if (others.length === 0) return first;
    throw invalid(
      `${manifestFile} declares the web modules ${dirs.join(", ")}. Build each one with peekWeb({ dir: "${first}" }).`,
    );
  }
  const dir = posix.normalize(wanted);
  if (dirs.includes(dir)) return dir;
  throw invalid(
    `${manifestFile} declares no web module "${wanted}", only ${dirs.join(", ")}. Correct the option "dir".`,
  );
}

function findEntry(root: string, dir: string, wanted: string | undefined): string {
  const candidates =
    wanted === undefined
      ? ["index.tsx", "index.ts"].map((name) => posix.join(posix.dirname(dir), "src", name))
      : [wanted];
  const found = candidates.find((candidate) => existsSync(join(root, candidate)));
  if (found !== undefined) return join(root, found);
  throw invalid(
    `The web module has no entry ${candidates.join(" or ")} in ${root}. Create it, or name it in the option "entry".`,
  );
}

function invalid(message: string, cause?: unknown): PeekError {
  return new PeekError("WEB_BUILD_INVALID", message, { cause });
}
