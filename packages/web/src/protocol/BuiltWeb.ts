import { isPluginName } from "@peek/plugin-base";
import { z } from "zod";

/** The file that describes the built web module, at the root of its folder. The build writes it. */
export const builtWebFile = "peek-web.json";

const maxPath = 300;
const pathPattern = /^(?!\.)[A-Za-z0-9_.-]+(?:\/(?!\.)[A-Za-z0-9_.-]+)*$/;

/** A file of the folder: `assets/index-B4xZ_a9d.js`. */
const file = z.string().max(maxPath).regex(pathPattern, { error: "a relative path of plain names" });

/** Whether a text is the path of a file that a web module can have: plain names, none of them hidden. */
export function isWebFilePath(text: string): boolean {
  return text.length <= maxPath && pathPattern.test(text);
}

/** The schema of {@link builtWebFile}. */
export const builtWebSchema = z.object({
  format: z.literal(1),
  plugin: z.string().refine(isPluginName, { error: 'a plugin\'s name such as "peek_plugin_tutorial"' }),
  /** The `webApiVersion` for which the module was built. */
  webApi: z.string().regex(/^\d+\.\d+$/, { error: 'a version such as "1.0"' }),
  /** The entry: an ES module whose default export is the result of `definePluginWeb`. */
  module: file,
  /** The style sheets, whose rules apply below `[data-peek-plugin="<plugin>"]` only. */
  styles: z.array(file).max(20).default([]),
});

/** A checked peek-web.json. */
export type BuiltWeb = z.infer<typeof builtWebSchema>;
