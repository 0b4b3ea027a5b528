/** A place that plugins' packages are found in. */
export interface PluginSource {
  /** What it is, and where, for messages: `the workspace (/srv/peek/plugins)`. */
  readonly title: string;
  /** The real folder of a package by its npm name, or undefined where it is not in this place. */
  find(packageName: string): string | undefined;

  /** The npm names of all plugins' packages in this place. */
  packageNames(): readonly string[];
}
