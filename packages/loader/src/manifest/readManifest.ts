import { join } from "node:path";
import { checkTolerantly, explainIssues, readJsonDocument, type UnknownKey } from "@peek/config";
import { PeekError } from "@peek/errors";
import { type PluginManifest, type PluginPackage, pluginPackageSchema } from "@peek/plugin-base/manifest";
import { versionOf } from "./versionOf.ts";

/** The name of the file at the root of every plugin's package. */
export const manifestName = "plugin_package.json";

const kind = {
  unreadable: "MANIFEST_UNREADABLE",
  malformed: "MANIFEST_MALFORMED",
  example:
    '{ "plugin": { "title": "Pump Log", "packageName": "peek_plugin_pump_log" }, "requiresServices": ["logic"] }',
} as const;

/** A plugin's manifest, and the keys that it should not have. */
export interface ReadManifest {
  readonly manifest: PluginPackage;
  /** Keys that this version does not know. */
  readonly unknownKeys: readonly UnknownKey[];
}

/**
 * Reads and checks the plugin_package.json of a plugin, before any of its code runs.
 *
 * @param rootDir The plugin's package.
 * @param pluginName Its name in plugin.enabled.
 * @throws PeekError `MANIFEST_MISSING`, `MANIFEST_UNREADABLE`, `MANIFEST_MALFORMED`, `MANIFEST_INVALID`,
 *   `MANIFEST_NAME_MISMATCH`, or one of {@link versionOf}.
 */
export function readManifest(rootDir: string, pluginName: string): ReadManifest {
  const file = join(rootDir, manifestName);
  const document = readJsonDocument(file, kind);
  if (document === undefined) {
    throw new PeekError(
      "MANIFEST_MISSING",
      `${rootDir} has no ${manifestName}. Add one; if the package is installed with npm, also add it to "files" in package.json.`,
      { fields: { file } },
    );
  }
  const { value, issues, unknownKeys } = checkTolerantly(pluginPackageSchema, document.value, () => exampleManifest);
  if (value === undefined) {
    const example = { ...exampleManifest, plugin: { ...exampleManifest.plugin, packageName: pluginName } };
    throw new PeekError("MANIFEST_INVALID", `${file}: ${explainIssues(document, issues, example).join("; ")}`, {
      fields: { file },
    });
  }
  if (value.plugin.packageName !== pluginName) {
    throw new PeekError(
      "MANIFEST_NAME_MISMATCH",
      `${file} belongs to ${value.plugin.packageName}, but the plugin is enabled as ${pluginName}. Make plugin.packageName and the name in plugin.enabled equal.`,
      { fields: { file, packageName: value.plugin.packageName } },
    );
  }
  const version = versionOf(rootDir, file, value.plugin.version);
  return { manifest: { ...value, plugin: { ...value.plugin, version } }, unknownKeys };
}

const exampleManifest: PluginManifest = {
  $schema: "./node_modules/@peek/plugin-base/plugin_package.schema.json",
  plugin: {
    title: "Pump Log",
    packageName: "peek_plugin_pump_log",
    version: "1.0.0",
    creator: "Example Ltd",
    website: "https://example.com",
    buildNumber: "1",
    buildDate: "2026-01-31",
  },
  requiresServices: ["logic"],
  dependencies: { peek_plugin_other: "^1.0.0" },
  logic: {},
  field: {},
  office: {},
  worker: {},
  agent: {},
  storage: {},
  admin: {},
  "admin-doc": {},
  "field-doc": {},
  "office-doc": {},
};
