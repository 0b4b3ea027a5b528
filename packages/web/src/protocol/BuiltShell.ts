import { z } from "zod";
import { isWebFilePath } from "./BuiltWeb.ts";

/** The file that describes the built shell, at the root of its folder. The build writes it. */
export const builtShellFile = "shell.json";

const file = z.string().refine(isWebFilePath, { error: "a relative path of plain names" });

/** The schema of {@link builtShellFile}. */
export const builtShellSchema = z.object({
  format: z.literal(1),
  hash: z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, { error: "a hash" }),
  /** The import map: the file of each module that the shell provides. */
  imports: z.record(z.string(), file),
  module: file,
  styles: z.array(file),
  preloads: z.array(file),
  serviceWorker: file,
});

/** A checked shell.json. */
export type BuiltShell = z.infer<typeof builtShellSchema>;
