import { messageOf, PeekError } from "@peek/errors";

/** The known causes of a failure of PostgreSQL. */
export type FailureKind =
  | "disk-full"
  | "not-writable"
  | "not-private"
  | "port-taken"
  | "still-in-use"
  | "not-runnable"
  | "nameless"
  | "other";

interface Explanation {
  readonly kind: FailureKind;
  readonly pattern: RegExp;
  /** The meaning and the remedy, for an administrator. */
  readonly advice: string;
}

/** The most specific cause first: a full disk may also be the reason why a socket cannot be created. */
const explanations: readonly Explanation[] = [
  {
    kind: "disk-full",
    // After a short write, PostgreSQL gives the cause as a hint only.
    pattern: /no space left on device|disk quota exceeded|check free disk space/i,
    advice: "The disk is full: free space and start again.",
  },
  {
    kind: "not-writable",
    pattern: /read-only file system|permission denied|operation not permitted|has wrong ownership/i,
    advice: "The folder is not writable: grant this account write access, or set PEEK_HOME to a folder that it owns.",
  },
  {
    kind: "not-private",
    pattern: /has invalid permissions/i,
    advice: "PostgreSQL requires a folder without access for others: set its mode to 0700.",
  },
  {
    kind: "still-in-use",
    pattern: /pre-existing shared memory block/i,
    advice: "Processes of an earlier server still use the folder: wait until they have ended, or terminate them.",
  },
  {
    kind: "port-taken",
    pattern: /could not bind|address already in use/i,
    advice: "Another program uses the port.",
  },
  {
    kind: "nameless",
    pattern: /could not look up effective user ID/i,
    advice: "PostgreSQL requires an account with a name: add the user id to /etc/passwd.",
  },
  {
    kind: "not-runnable",
    pattern: /error while loading shared libraries|failed to execute|library not loaded|exec format error/i,
    advice: "The programs do not run on this system: name a PostgreSQL server in storage.connectUrl.",
  },
];

/**
 * The error of a PostgreSQL that failed, with the remedy of a known cause.
 *
 * @param subject The failure and its place, as the beginning of a sentence.
 * @param reason The line of PostgreSQL or of the system that has the reason.
 * @param output The whole output, in which the cause is searched. Default: the reason.
 */
export function embeddedFailure(subject: string, reason: string, output = reason, cause?: unknown): PeekError {
  const { kind, advice } = explain(output);
  const code = kind === "not-runnable" ? "STORAGE_EMBEDDED_UNSUPPORTED" : "STORAGE_EMBEDDED_FAILED";
  const message = [`${subject}: ${reason.replace(/\.$/, "")}.`, advice].filter((part) => part !== "").join(" ");
  return new PeekError(code, message, { cause, fields: { kind, reason } });
}

/** Converts any error to an {@link embeddedFailure}. A PeekError stays as it is. */
export function asEmbeddedFailure(subject: string, error: unknown): PeekError {
  return PeekError.is(error) ? error : embeddedFailure(subject, messageOf(error), messageOf(error), error);
}

/** Whether an error is of a kind. */
export function isFailure(error: unknown, kind: FailureKind): boolean {
  return PeekError.is(error) && error.fields["kind"] === kind;
}

function explain(output: string): { readonly kind: FailureKind; readonly advice: string } {
  return explanations.find(({ pattern }) => pattern.test(output)) ?? { kind: "other", advice: "" };
}
