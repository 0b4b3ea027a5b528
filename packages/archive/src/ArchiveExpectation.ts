import type { ServiceName } from "@peek/plugin-base";

/** The conditions under which an archive is accepted. */
export interface ArchiveExpectation {
  /** The version of `@peek/plugin-base` that the plugin will run with. */
  readonly pluginBase: string;
  /** The plugin that the archive has to be of. Default: any. */
  readonly plugin?: string;
  /** The services that the archive has to have parts for. Default: none. */
  readonly services?: readonly ServiceName[];
  /** The current version of the plugin. Default: none. */
  readonly current?: string | undefined;
  /** Whether the archive may be of an older version than the current one. Default: false. */
  readonly allowDowngrade?: boolean;
}
