import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { messageOf, PeekError } from "@peek/errors";
import { readManifest, resolveEntry } from "@peek/loader";
import { pluginNameOf } from "@peek/plugin-base";
import { Command } from "commander";
import { z } from "zod";
import { jsonOption } from "../../arguments.ts";
import { printJson } from "../../output.ts";
import { webProblems } from "../../webProblems.ts";

const packageSchema = z.object({ name: z.string() });

/** `peek plugin pack` */
export function packCommand(): Command {
  return new Command("pack")
    .description("make the archive of a built plugin, for peek plugin install")
    .argument("[folder]", "the folder of the plugin's package", ".")
    .option("-o, --out <path>", "the file, or the folder for it", ".")
    .addOption(jsonOption())
    .action(async (folder: string, options: { readonly out: string; readonly json: boolean }) => {
      const { contractHashes, packPlugin } = await import("@peek/archive");
      const dir = resolve(folder);
      const name = pluginNameOf(packageNameIn(dir));
      const { manifest } = readManifest(dir, name);
      resolveEntry(dir, []);
      const [problem] = await webProblems({ name, rootDir: dir, manifest });
      if (problem !== undefined) throw problem;
      const contracts = await contractHashes(dir, name);
      const packed = await packPlugin(dir, { manifest, contracts, out: options.out });
      const { file, bytes } = packed;
      const { plugin, version, files, services } = packed.manifest;
      if (options.json) printJson({ file, bytes, plugin, version, services, files: files.length, contracts });
      else console.log(`${plugin} ${version}: ${file} (${files.length} files, ${bytes} bytes)`);
    });
}

function packageNameIn(dir: string): string {
  const file = join(dir, "package.json");
  try {
    return packageSchema.parse(JSON.parse(readFileSync(file, "utf8"))).name;
  } catch (cause) {
    const why = cause instanceof z.ZodError ? "it has no name" : messageOf(cause);
    throw new PeekError("PLUGIN_NOT_PACKABLE", `${file} cannot be read: ${why}. Name the folder of a plugin.`, {
      cause,
      fields: { dir },
    });
  }
}
