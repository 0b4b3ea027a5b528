import { messageOf, PeekError } from "@peek/errors";

/** Why PostgreSQL did not do what it was asked for, when that can be told. */
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
  /** What it means to an operator, and what to do. */
  readonly advice: string;
}

/** In the order of what says most: a socket that cannot be made on a full disk is a full disk. */
const explanations: readonly Explanation[] = [
  {
    kind: "disk-full",
    // Where a write was cut short, PostgreSQL does not know why and gives its guess as a hint.
    pattern: /no space left on device|disk quota exceeded|check free disk space/i,
    advice: "The disk is full: make room on it and start again.",
  },
  {
    kind: "not-writable",
    pattern: /read-only file system|permission denied|operation not permitted|has wrong ownership/i,
    advice: "The folder cannot be written: give this account the right to, or set PEEK_HOME to a folder it owns.",
  },
  {
    kind: "not-private",
    pattern: /has invalid permissions/i,
    advice: "PostgreSQL wants the folder to be its owner's alone: set its mode to 0700.",
  },
  {
    kind: "still-in-use",
    pattern: /pre-existing shared memory block/i,
    advice: "Processes of an earlier server still work on the folder: wait for them to end, or end them.",
  },
  {
    kind: "port-taken",
    pattern: /could not bind|address already in use/i,
    advice: "Another program has the port.",
  },
  {
    kind: "nameless",
    pattern: /could not look up effective user ID/i,
    advice: "PostgreSQL wants the account to have a name: add one of this number to /etc/passwd.",
  },
  {
    kind: "not-runnable",
    pattern: /error while loading shared libraries|failed to execute|library not loaded|exec format error/i,
    advice: "The programs do not run on this system: name a PostgreSQL server in storage.connectUrl.",
  },
];

/**
 * What to say of a PostgreSQL that failed.
 *
 * @param what What failed and where, as the beginning of a sentence.
 * @param reason The line that says why, of PostgreSQL or of the system.
 * @param said All that was said, in which a line before the last may be the one that helps.
 */
export function embeddedFailure(what: string, reason: string, said = reason, cause?: unknown): PeekError {
  const { kind, advice } = explain(said);
  const code = kind === "not-runnable" ? "STORAGE_EMBEDDED_UNSUPPORTED" : "STORAGE_EMBEDDED_FAILED";
  const message = [`${what}: ${reason.replace(/\.$/, "")}.`, advice].filter((part) => part !== "").join(" ");
  return new PeekError(code, message, { cause, fields: { kind, reason } });
}

/** An error of any kind, as what failed for it. Those that speak for themselves stay as they are. */
export function asEmbeddedFailure(what: string, error: unknown): PeekError {
  return PeekError.is(error) ? error : embeddedFailure(what, messageOf(error), messageOf(error), error);
}

/** Whether an error is of a kind. */
export function isFailure(error: unknown, kind: FailureKind): boolean {
  return PeekError.is(error) && error.fields["kind"] === kind;
}

function explain(said: string): { readonly kind: FailureKind; readonly advice: string } {
  return explanations.find(({ pattern }) => pattern.test(said)) ?? { kind: "other", advice: "" };
}
