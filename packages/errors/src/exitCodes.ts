/**
 * The exit codes of Peek's processes.
 *
 * The numbers are those of BSD's sysexits.h, so that service managers and scripts can distinguish a user's mistake (do not
 * restart) from a passing fault (restart).
 */
export const ExitCode = {
  /** It succeeded, and stopped cleanly. */
  ok: 0,
  /** The command line was wrong (EX_USAGE). */
  usage: 64,
  /** A resource that it needs is not available now (EX_UNAVAILABLE); starting again later may work. */
  unavailable: 69,
  /** A fault in Peek or in a plugin (EX_SOFTWARE). */
  internal: 70,
  /** A change failed, and was undone: everything is as before (EX_TEMPFAIL). */
  reverted: 75,
  /** A mistake in the configuration that a person has to fix (EX_CONFIG); starting again will not help. */
  config: 78,
} as const;

/** One of the numbers in {@link ExitCode}. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
