import type { ChangeOptions } from "./ChangeOptions.ts";

/** The options of commands that bring an archive to services. */
export interface ArchiveOptions extends ChangeOptions {
  readonly allowDowngrade: boolean;
}
