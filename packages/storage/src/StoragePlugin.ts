/** A plugin that requires storage. */
export interface StoragePlugin {
  /** `peek_plugin_<name>`, or `peek_core_<name>`. */
  readonly name: string;
  /** The version of its package. */
  readonly version: string;
  /** The absolute path of its folder of migrations. Undefined: it has none. */
  readonly migrationsDir: string | undefined;
}
