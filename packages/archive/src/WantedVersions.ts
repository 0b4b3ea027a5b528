import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFolder, writeFileAtomic } from "@peek/config";
import { messageOf, PeekError } from "@peek/errors";
import { isPluginName, serviceNames } from "@peek/plugin-base";
import { z } from "zod";
import { isFullDisk, softwareFull, softwareUnusable } from "./softwareErrors.ts";
import { parseVersionFolder } from "./softwareFolders.ts";

/** The maximum size of the file, in bytes. */
const maxBytes = 4 * 1024 * 1024;

const versionName = z.string().refine((name) => parseVersionFolder(name) !== undefined, {
  error: "the name of a version's folder",
});

const wantedSchema = z.object({
  /** The version that each service is to run. Services that are not named are left as they are. */
  services: z.partialRecord(z.enum(serviceNames), versionName),
  /** The version before the last change, to which a rollback goes. */
  before: versionName.optional(),
});

const fileSchema = z.object({
  format: z.literal(1),
  plugins: z.record(z.string().refine(isPluginName, { error: "a plugin's name" }), wantedSchema),
});

/** The versions of one plugin that the services are to run. */
export type WantedVersion = Readonly<z.infer<typeof wantedSchema>>;

/** The file in a `plugin-software` folder of logic with the versions that services are to run, also those that are not connected. */
export class WantedVersions {
  readonly #dir: string;
  readonly #file: string;

  /** @param softwareDir The `plugin-software` folder of logic. */
  constructor(softwareDir: string) {
    this.#dir = softwareDir;
    this.#file = join(softwareDir, "wanted.json");
  }

  /**
   * The versions of all plugins that were changed on running services.
   *
   * @throws PeekError `PLUGIN_SOFTWARE_UNUSABLE` when the file cannot be read, is damaged or too large.
   */
  all(): ReadonlyMap<string, WantedVersion> {
    if (!existsSync(this.#file)) return new Map();
    try {
      const { size } = statSync(this.#file);
      if (size > maxBytes) throw new Error(`it has ${size} bytes, and the limit is ${maxBytes}`);
      return new Map(Object.entries(fileSchema.parse(JSON.parse(readFileSync(this.#file, "utf8"))).plugins));
    } catch (cause) {
      throw damaged(this.#file, cause);
    }
  }

  /** @throws PeekError as {@link all} */
  of(plugin: string): WantedVersion | undefined {
    return this.all().get(plugin);
  }

  /**
   * Records the versions of a plugin; undefined to forget the plugin. It is on the disk when this returns.
   *
   * @throws PeekError `PLUGIN_SOFTWARE_FULL` or `PLUGIN_SOFTWARE_UNUSABLE`; the file is as before then.
   */
  set(plugin: string, wanted: WantedVersion | undefined): void {
    const plugins = new Map(this.all());
    if (wanted === undefined && !plugins.has(plugin)) return;
    if (wanted === undefined) plugins.delete(plugin);
    else plugins.set(plugin, wanted);
    const text = `${JSON.stringify({ format: 1, plugins: Object.fromEntries(plugins) }, null, 2)}\n`;
    try {
      makePrivateFolder(this.#dir);
      writeFileAtomic(this.#file, text);
    } catch (cause) {
      throw isFullDisk(cause) ? softwareFull(this.#dir, cause) : softwareUnusable(this.#dir, cause);
    }
  }
}

function damaged(file: string, cause: unknown): PeekError {
  const why = cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll("\n", " ") : messageOf(cause);
  const message = `${file} cannot be read: ${why.replace(/\.$/, "")}. Remove the file, or restore it from a backup: without it, the versions that run now stay.`;
  return new PeekError("PLUGIN_SOFTWARE_UNUSABLE", message, { cause, fields: { file } });
}
