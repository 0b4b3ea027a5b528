/** For the platform's own packages: how it recognises a plugin's class. Not for plugins. */
export { ENTRY_HOOK_BRAND, PLUGIN_API_VERSION, type EntryHookBrand } from "./common/entryHookBrand.ts";
export type { EntryHookFunctionName, PublishedApiName } from "./common/PluginApi.ts";
