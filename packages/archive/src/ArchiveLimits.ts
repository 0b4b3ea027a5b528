/** The limits of an archive, which are checked while it is read: reading ends at the limit. */
export interface ArchiveLimits {
  /** The size of the file, in bytes. */
  readonly maxBytes: number;
  /** The size of the unpacked archive, in bytes. */
  readonly maxUnpackedBytes: number;
  /** The number of files in it. */
  readonly maxFiles: number;
  /** The length of a path in it, in characters. */
  readonly maxPath: number;
  /** The number of unpacked bytes for each packed one. */
  readonly maxRatio: number;
}

const mebibyte = 1024 * 1024;

/** 256 MiB packed, 1 GiB unpacked, 20,000 files, paths of 400 characters, a compression of 200 to 1. */
export const defaultArchiveLimits: ArchiveLimits = {
  maxBytes: 256 * mebibyte,
  maxUnpackedBytes: 1024 * mebibyte,
  maxFiles: 20_000,
  maxPath: 400,
  maxRatio: 200,
};

/** Below this size, no compression is suspicious: a small file of equal bytes has the same ratio as a zip bomb. */
export const leastSuspiciousBytes: number = 16 * mebibyte;
