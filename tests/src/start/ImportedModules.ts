import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { workspaceDir } from "../workspace.ts";

/** The path of a module, which the bundler writes before its code. */
const modulePath = /^\s*\/\/ ((?:\.\.\/|src\/)\S+|\\0\S+)$/gm;

/** The modules that a program imported until it was ready, with the bytes of their code. */
export class ImportedModules {
  /** The bytes of each module that is a file, or a part of a bundled one; by `packages/config/src/index.ts`, `zod/v4/core/core.js`. */
  readonly files: ReadonlyMap<string, number>;
  /** The modules of Node: `node:fs`. */
  readonly ofNode: readonly string[];

  private constructor(files: ReadonlyMap<string, number>, ofNode: readonly string[]) {
    this.files = files;
    this.ofNode = ofNode;
  }

  /** @param record The file that {@link recorderEnvironment} named. */
  static read(record: string): ImportedModules {
    const lines = readFileSync(record, "utf8").split("\n");
    const ready = lines.indexOf("Ready");
    const names = new Set(lines.slice(0, ready < 0 ? undefined : ready).filter((line) => line !== ""));
    const files = [...names].filter((name) => name.startsWith("file:")).flatMap((url) => modulesIn(fileURLToPath(url)));
    const ofNode = [...names].filter((name) => name.startsWith("node:")).sort();
    return new ImportedModules(new Map(files), ofNode);
  }

  get bytes(): number {
    return [...this.files.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** The packages that are not of the workspace. */
  get packages(): readonly string[] {
    return [...new Set([...this.files.keys()].flatMap((name) => packageOf(name) ?? []))].sort();
  }
}

/** The environment with which a program notes in a file what it imports. */
export function recorderEnvironment(record: string): {
  readonly PEEK_IMPORTS_FILE: string;
  readonly NODE_OPTIONS: string;
} {
  const preload = pathToFileURL(join(import.meta.dirname, "recordModules.ts")).href;
  return { PEEK_IMPORTS_FILE: record, NODE_OPTIONS: `--import ${preload}` };
}

/** The package of a module; undefined for one of the workspace, or of the bundler. */
function packageOf(name: string): string | undefined {
  if (/^(?:bundler|packages|services|plugins|tests)\//.test(name)) return undefined;
  return /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0];
}

function modulesIn(file: string): readonly (readonly [string, number])[] {
  if (file.startsWith(import.meta.dirname)) return [];
  // A native addon.
  if (file.endsWith(".node")) return [[nameOf(file), 0]];
  const code = readFileSync(file, "utf8");
  const starts = [...code.matchAll(modulePath)];
  if (starts.length === 0) return [[nameOf(file), code.length]];
  const bundled = starts.map(({ index, 1: path = "" }, at) => {
    const end = starts[at + 1]?.index ?? code.length;
    // Paths are as seen from the folder of the package that was bundled.
    const isReal = !path.startsWith("\\0");
    const name = isReal ? nameOf(join(dirname(dirname(file)), path)) : `bundler/${path.slice(2).split(":/", 1)[0]}`;
    return [name, end - index] as const;
  });
  return bundled;
}

/** A path within the workspace, or within the node_modules that a module is in. */
function nameOf(path: string): string {
  return path.includes("/node_modules/") ? path.replace(/^.*\/node_modules\//, "") : relative(workspaceDir, path);
}
