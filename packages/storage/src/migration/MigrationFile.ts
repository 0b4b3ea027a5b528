/** A migration in a plugin's package. */
export interface MigrationFile {
  /** The digits at the beginning of its name, which decide the order. */
  readonly number: bigint;
  /** The name of its file without the extension, by which it is recorded: `0001_create_tables`. */
  readonly name: string;
  /** An absolute path. */
  readonly file: string;
  /** See {@link checksumOf}. */
  readonly checksum: string;
}
