import { PeekError } from "@peek/plugin-base";
import {
  type BuiltWeb,
  builtWebFile,
  builtWebSchema,
  isWebFilePath,
  webApiVersion,
  webFolderLimits,
} from "@peek/web/protocol";
import type { Plugin, Rolldown } from "vite";
import { isShared } from "../imports/importProblem.ts";
import type { WebTarget } from "../manifest/WebTarget.ts";

/** Checks the files of a module, and adds peek-web.json, which describes them. */
export function builtWeb(target: () => WebTarget): Plugin {
  return {
    name: "peek:built-web",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const { plugin } = target();
        const source = `${JSON.stringify(describeBundle(plugin, bundle), undefined, 2)}\n`;
        this.emitFile({ type: "asset", fileName: builtWebFile, source });
      },
    },
  };
}

/** @throws PeekError `WEB_BUILD_INVALID` when a site would refuse the files. */
function describeBundle(plugin: string, bundle: Rolldown.OutputBundle): BuiltWeb {
  const files = Object.values(bundle);
  checkLimits(files);
  for (const file of files) {
    const foreign =
      file.type === "chunk" ? file.imports.find((name) => !(name in bundle) && !isShared(name)) : undefined;
    if (foreign !== undefined)
      throw invalid(`${file.fileName} imports "${foreign}", which neither the module nor the shell provides.`);
  }
  const entry = files.find((file) => file.type === "chunk" && file.isEntry);
  const described = builtWebSchema.safeParse({
    format: 1,
    plugin,
    webApi: webApiVersion,
    module: entry?.fileName,
    styles: files.map(({ fileName }) => fileName).filter((name) => name.endsWith(".css")),
  });
  if (described.success) return described.data;
  const [issue] = described.error.issues;
  throw invalid(
    `The built module cannot be described in ${builtWebFile}: ${issue?.path.join(".")}: ${issue?.message}.`,
  );
}

function checkLimits(files: readonly (Rolldown.OutputAsset | Rolldown.OutputChunk)[]): void {
  const named = files.find(({ fileName }) => !isWebFilePath(fileName));
  if (named !== undefined) {
    const name = JSON.stringify(named.fileName);
    throw invalid(`The name ${name} has other characters than A-Z, a-z, 0-9, _, - and . Rename its source file.`);
  }
  const bytes = files.reduce(
    (sum, file) => sum + Buffer.byteLength(file.type === "chunk" ? file.code : file.source),
    0,
  );
  const { files: maxFiles, bytes: maxBytes } = webFolderLimits;
  if (files.length <= maxFiles && bytes <= maxBytes) return;
  throw invalid(
    `The module has ${files.length} files with ${bytes} bytes. A site accepts ${maxFiles} files with ${maxBytes} bytes. Make it smaller.`,
  );
}

function invalid(message: string): PeekError {
  return new PeekError("WEB_BUILD_INVALID", message);
}
