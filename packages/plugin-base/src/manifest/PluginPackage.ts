import { z } from "zod";
import { isPluginName } from "../common/pluginName.ts";
import { webSectionSchema } from "./webSection.ts";

// semver.org's own suggestion, without the named groups.
const semverPattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;

const text = z.string().min(1).max(500);
const version = z.string().max(100).regex(semverPattern, { error: 'a version such as "1.4.0"' });
const pluginName = z.string().refine(isPluginName, { error: 'a plugin\'s name such as "peek_plugin_tutorial"' });
const versionRange = text.describe('The accepted versions, as a range of npm\'s semver: "^1.2.0".');

const runnableService = z.enum(["logic", "field", "office", "worker", "agent"]);

const requiredService = z.enum([
  ...runnableService.options,
  "storage",
  "admin",
  "admin-doc",
  "field-doc",
  "office-doc",
]);

const dependency = z.union([
  versionRange,
  z.strictObject({
    version: versionRange,
    optional: z
      .boolean()
      .default(false)
      .describe("Whether this plugin also runs without the other one. Default: false."),
    services: z
      .array(runnableService)
      .min(1)
      .optional()
      .describe("The services on which this plugin needs the other one. Default: all services of this plugin."),
  }),
]);

const serviceSection = z
  .record(z.string(), z.json())
  .describe("The plugin's own settings for this service; the plugin finds them in packageConfig.");

const siteSection = z
  .object({ web: webSectionSchema.optional() })
  .catchall(z.json())
  .describe("The plugin's part of the site's app, and its own settings, which the plugin finds in packageConfig.");

const storageSection = z
  .object({
    migrationsDir: text
      .optional()
      .describe(
        "The folder of the plugin's migrations, relative to that of the package's entry, so that it holds for src and dist alike: \"_private/storage/migrations\". Default: none.",
      ),
  })
  .catchall(z.json())
  .describe("The plugin's migrations, and its own settings for the database.");

/**
 * The schema of plugin_package.json, the file at the root of a plugin's package that describes the plugin and its needs to the
 * platform. `plugin_package.schema.json` beside this package's package.json is generated from it.
 */
export const pluginPackageSchema = z.strictObject({
  $schema: z.string().optional().describe("Where an editor finds this schema."),
  plugin: z
    .strictObject({
      title: text.describe("The plugin's name for people."),
      packageName: pluginName.describe("The plugin's name for the platform, as in plugin.enabled."),
      version: version
        .optional()
        .describe(
          "The plugin's version. Default: that of package.json, which is the place for it; one that differs is refused.",
        ),
      creator: text.optional().describe("Who makes the plugin."),
      website: text.optional().describe("Where to read about the plugin."),
      buildNumber: z.string().max(100).optional().describe("Filled in by the plugin's build."),
      buildDate: z.string().max(100).optional().describe("Filled in by the plugin's build."),
    })
    .describe("The name, version and origin of the plugin."),
  requiresServices: z
    .array(requiredService)
    .min(1)
    .describe("The services for which the plugin has a part, and other parts of the platform that it needs."),
  dependencies: z
    .record(pluginName, dependency)
    .default({})
    .describe("The plugins whose API this one uses, by name: a version range, or an object with options."),
  logic: serviceSection.optional(),
  field: siteSection.optional(),
  office: siteSection.optional(),
  worker: serviceSection.optional(),
  agent: serviceSection.optional(),
  storage: storageSection.optional(),
  admin: siteSection.optional(),
  "admin-doc": serviceSection.optional(),
  "field-doc": serviceSection.optional(),
  "office-doc": serviceSection.optional(),
});

/** A checked plugin_package.json, as it was written. */
export type PluginManifest = z.infer<typeof pluginPackageSchema>;

/** A checked plugin_package.json with the version of package.json. */
export type PluginPackage = Omit<PluginManifest, "plugin"> & {
  readonly plugin: PluginManifest["plugin"] & { version: string };
};

/** Whether a text is a version in npm's format, such as `1.4.0` or `2.0.0-rc.1`. */
export function isPluginVersion(text: unknown): text is string {
  return version.safeParse(text).success;
}
