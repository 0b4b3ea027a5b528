const pattern = /^peek_(?:plugin|core)_[a-z0-9]+(?:_[a-z0-9]+)*$/;

/** Whether `text` is a plugin's name: `peek_plugin_<name>`, or `peek_core_<name>` for one of the platform's own. */
export function isPluginName(text: string): boolean {
  return text.length <= 100 && pattern.test(text);
}

/** The npm package of a plugin: `peek_plugin_pump_log` is in `peek-plugin-pump-log`. */
export function packageNameOf(pluginName: string): string {
  return pluginName.replaceAll("_", "-");
}

/** The plugin in an npm package: `peek-plugin-pump-log` holds `peek_plugin_pump_log`. */
export function pluginNameOf(packageName: string): string {
  return packageName.replaceAll("-", "_");
}
