import { exitCodeOf, isPeekErrorCode } from "#codes";
import type { PeekErrorCode } from "./catalogue/errorCatalogue.ts";
import type { ExitCode } from "./exitCodes.ts";
import { describeValue, messageOf } from "./toError.ts";

const brand: unique symbol = Symbol.for("peek.error");

/** The maximum length, in characters, of the description of a message that is not a string. */
const maxMessage = 1000;

/** Facts beside the message: names and numbers that logs and tests read without parsing text. */
export type PeekErrorFields = Readonly<Record<string, unknown>>;

/** The options of a {@link PeekError}, beside its code and message. */
export interface PeekErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** Facts for logs and tests. Default: none. */
  readonly fields?: PeekErrorFields;
}

/**
 * The one error type of Peek. `code` is stable and listed in the error catalogue; the message says what failed,
 * where, and what to do, on its own, without a stack trace.
 */
export class PeekError extends Error {
  override readonly name = "PeekError";
  readonly code: PeekErrorCode;
  readonly fields: PeekErrorFields;

  constructor(code: PeekErrorCode, message: string, options: PeekErrorOptions = {}) {
    super(textOf(message), "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.fields = options.fields ?? {};
    Object.defineProperty(this, brand, { value: true });
  }

  /** The exit code of a process that this error ends. */
  get exitCode(): ExitCode {
    return exitCodeOf(this.code);
  }

  /**
   * Whether `value` is a PeekError, of this copy of the package or of another (a plugin may have been installed with
   * its own), with a code that this copy knows.
   */
  static is(value: unknown): value is PeekError {
    try {
      return value instanceof Error && brand in value && hasKnownCode(value);
    } catch {
      // A proxy may throw at every access.
      return false;
    }
  }
}

/** A plugin without types may pass any value, and would read `[object Object]` later. */
function textOf(message: unknown): string {
  if (typeof message === "string") return message;
  return message instanceof Error ? messageOf(message) : describeValue(message, maxMessage);
}

function hasKnownCode(error: Error): boolean {
  return "code" in error && typeof error.code === "string" && isPeekErrorCode(error.code);
}
