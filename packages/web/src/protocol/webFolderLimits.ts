/** The limits of the folder of a built web module. A build that exceeds them fails, and a site refuses the folder. */
export const webFolderLimits = {
  /** The number of files. */
  files: 2000,
  /** The size of all files, in bytes. */
  bytes: 100 * 1024 * 1024,
  /** The size of peek-web.json, in bytes. */
  descriptionBytes: 64 * 1024,
} as const;
