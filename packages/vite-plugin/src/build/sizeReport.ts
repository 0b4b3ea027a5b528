import { builtWebFile } from "@peek/web/protocol";
import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";
import type { WebTarget } from "../manifest/WebTarget.ts";

/** How many parts of a file are named. */
const namedParts = 6;
const kib = 1024;

/** Prints what a browser loads of the module, and of which packages each file consists. Vite prints the size of each file. */
export function sizeReport(target: () => WebTarget): Plugin {
  return {
    name: "peek:sizes",
    apply: "build",
    writeBundle(_options, bundle) {
      for (const line of sizeLines(target().plugin, bundle)) this.environment.logger.info(line);
    },
  };
}

function sizeLines(plugin: string, bundle: Rolldown.OutputBundle): readonly string[] {
  const files = Object.values(bundle).filter(({ fileName }) => !fileName.endsWith(".map") && fileName !== builtWebFile);
  const gzip = files.reduce((sum, file) => sum + gzipSync(contentOf(file)).length, 0);
  const chunks = files.filter((file) => file.type === "chunk");
  const width = Math.max(0, ...chunks.map(({ fileName }) => fileName.length));
  return [
    `${plugin}: ${files.length} files, ${inKib(gzip)} gzip. Before they are minified, they consist of:`,
    ...chunks.map((chunk) => {
      const parts = partsOf(chunk).map(([name, size]) => `${name} ${inKib(size)}`);
      return `  ${chunk.fileName.padEnd(width)}  ${parts.join(", ")}`;
    }),
  ];
}

function contentOf(file: Rolldown.OutputAsset | Rolldown.OutputChunk): string | Uint8Array {
  return file.type === "chunk" ? file.code : file.source;
}

/** The packages in a chunk with their sizes, the largest first. */
function partsOf({ modules }: Rolldown.OutputChunk): readonly (readonly [name: string, size: number])[] {
  const sizes = new Map<string, number>();
  for (const [id, { renderedLength }] of Object.entries(modules)) {
    const name = packageOf(id);
    sizes.set(name, (sizes.get(name) ?? 0) + renderedLength);
  }
  return [...sizes]
    .filter(([, size]) => size > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, namedParts);
}

function packageOf(id: string): string {
  if (id.startsWith("\0")) return "Vite's helpers";
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? "own code";
}

function inKib(bytes: number): string {
  return `${(bytes / kib).toFixed(1)} KiB`;
}
