/**
 * The code of every generated plugin, the same for all platforms: nearly empty, so that the bench measures the
 * platform. It counts, to prove that all were started.
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
