/**
 * What a Peek process tells its parent when it ends.
 *
 * The numbers are those of BSD's sysexits.h, so that service managers and scripts can tell a user's mistake (do not
 * restart) from a passing fault (do restart).
 */
export const ExitCode = {
  /** It did what was asked, and stopped cleanly. */
  ok: 0,
  /** The command line was wrong (EX_USAGE). */
  usage: 64,
  /** Something it needs is not to be had just now (EX_UNAVAILABLE); starting again later may work. */
  unavailable: 69,
  /** A fault in Peek or in a plugin (EX_SOFTWARE). */
  internal: 70,
  /** A configuration that a person has to mend (EX_CONFIG); starting again will not help. */
  config: 78,
} as const;

/** One of the numbers in {@link ExitCode}. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
