import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packTar, type TarEntry } from "modern-tar";
import { temporaryFolder } from "./temporaryFolder.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A small valid plugin. */
export const pluginFiles: Files = {
  "package.json": JSON.stringify({ name: "peek-plugin-pump", version: "1.0.0", type: "module", exports: "./index.js" }),
  "plugin_package.json": JSON.stringify({
    plugin: { title: "Pump", packageName: "peek_plugin_pump" },
    requiresServices: ["logic"],
  }),
  "index.js": "export {};\n",
};

/** The peek-archive.json of files, with changes. */
export function manifestOf(files: Files, changes: object = {}): string {
  const list = Object.entries(files).map(([path, content]) => ({
    path,
    size: Buffer.byteLength(content),
    sha256: createHash("sha256").update(content).digest("hex"),
  }));
  const base = { format: 1, plugin: "peek_plugin_pump", version: "1.0.0", services: ["logic"], pluginBase: "^0.1.0" };
  return JSON.stringify({ ...base, files: list, contracts: [], ...changes });
}

/** A tar entry of the archive. */
export function entry(path: string, content: string | Uint8Array = "", header: object = {}): TarEntry {
  return {
    header: { name: `package/${path}`, size: Buffer.byteLength(content), type: "file", ...header },
    body: content,
  };
}

/** The entries of a valid archive of files. */
export function entriesOf(files: Files = pluginFiles, changes: object = {}): TarEntry[] {
  return [
    entry("peek-archive.json", manifestOf(files, changes)),
    ...Object.entries(files).map(([path, content]) => entry(path, content)),
  ];
}

/** Writes entries as a .tgz into a folder of its own. */
export async function crafted(entries: TarEntry[]): Promise<string> {
  return written(gzipSync(await packTar(entries)));
}

/** Writes bytes as a .tgz into a folder of its own. */
export function written(bytes: Uint8Array): string {
  const file = join(temporaryFolder(), "pump.tgz");
  writeFileSync(file, bytes);
  return file;
}
