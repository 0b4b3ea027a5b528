export { type BuiltShell, builtShellFile, builtShellSchema } from "./BuiltShell.ts";
export { type BuiltWeb, builtWebFile, builtWebSchema, isWebFilePath } from "./BuiltWeb.ts";
export {
  type CataloguePlugin,
  cataloguePluginSchema,
  type WebCatalogue,
  webCatalogueSchema,
  type WebFailure,
  webFailureSchema,
} from "./WebCatalogue.ts";
export { webBeatMs, type WebEvent, webEventSchema } from "./WebEvent.ts";
export { sharedModules, webApiVersion } from "./webApiVersion.ts";
export { webFolderLimits } from "./webFolderLimits.ts";
export { webPaths } from "./webPaths.ts";
