/** A place where packages of plugins are found. */
export interface PluginSource {
  /** Its name and path for messages: `the workspace (/srv/peek/plugins)`. */
  readonly title: string;
  /** The real folder of a package by its npm name; undefined where this place does not have it. */
  find(packageName: string): string | undefined;

  /** The npm names of all plugins' packages in this place. */
  packageNames(): readonly string[];

  /** Forgets what it has found, so that packages that were installed meanwhile are found. Default: nothing is kept. */
  refresh?(): void;

  /**
   * This place as it is when another version of a package is current in it. Default: the place has no versions.
   *
   * @param dir The folder of the version.
   */
  withVersion?(packageName: string, dir: string): PluginSource;
}
