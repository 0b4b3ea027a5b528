/** One migration of a plugin, as it is in its package. */
export interface MigrationFile {
  /** What orders it: the digits that its name begins with. */
  readonly number: bigint;
  /** Its file's name without the extension: `0001_create_tables`. What it is recorded by. */
  readonly name: string;
  /** An absolute path. */
  readonly file: string;
  /** See {@link checksumOf}. */
  readonly checksum: string;
}
