/**
 * What every generated plugin does, the same for all platforms: nearly nothing, so that the platform is what is
 * measured. It counts, so that whether all were started can be told.
 */
export const pluginBody = `  load() {
    this.loaded = true;
  }
  start() {
    globalThis.startedPlugins = (globalThis.startedPlugins ?? 0) + 1;
  }
`;

/** `0007` */
export function serial(index: number): string {
  return String(index).padStart(4, "0");
}
