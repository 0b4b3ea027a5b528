export { isPluginVersion, type PluginManifest, pluginPackageSchema, type PluginPackage } from "./PluginPackage.ts";
export { pluginDependencies, type PluginDependency } from "./pluginDependencies.ts";
export { type WebSection, webSectionSchema } from "./webSection.ts";
