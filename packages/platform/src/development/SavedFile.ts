import { z } from "zod";

const savedFileSchema = z.object({
  /** The real folder of the plugin. */
  folder: z.string(),
  /** The real path. */
  file: z.string(),
  /** Whether the file was added or removed, and not only changed. */
  isNewOrGone: z.boolean(),
});

/** The message of the development supervisor (scripts/dev.ts) to the service: these files of plugins were saved. */
export const savedFilesSchema = z.object({ savedFiles: z.array(savedFileSchema).max(100_000) });

/** A file of a plugin that was saved. */
export type SavedFile = z.infer<typeof savedFileSchema>;
