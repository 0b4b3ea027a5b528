import { cutText } from "./cutText.ts";

/**
 * Converts a thrown value into an Error whose message and stack are texts: a plugin may throw null, or an error whose
 * message is a getter that throws.
 */
export function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error && isSound(thrown)) return thrown;
    // An error of another realm (a vm context, a worker) is not an instance of this one's Error.
    if (isErrorLike(thrown)) return copyOf(thrown);
    return withoutStack(`${describeValue(thrown)} was thrown, which is not an Error`);
  } catch {
    return withoutStack("an object was thrown whose properties cannot be read");
  }
}

/** The first line of a thrown value's message, or its name. */
export function messageOf(thrown: unknown): string {
  const error = toError(thrown);
  const text = error.message === "" ? error.name : error.message;
  return text.split("\n", 1)[0] ?? text;
}

/** Describes a value within a message, on one line of at most `maxLength` characters: as JSON, or else by its type. */
export function describeValue(value: unknown, maxLength = 60): string {
  const text = jsonOf(value) ?? `a value of type ${typeof value}`;
  return cutText(text, maxLength);
}

function jsonOf(value: unknown): string | undefined {
  if (value === undefined) return "undefined";
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    // The value has a cycle, or one of its getters or its toJSON() threw: the caller names its type.
    return undefined;
  }
}

function isSound(error: Error): boolean {
  return typeof error.message === "string" && typeof error.name === "string" && typeof error.stack === "string";
}

function isErrorLike(value: unknown): value is { message: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    (value instanceof Error || Object.prototype.toString.call(value) === "[object Error]") &&
    "message" in value &&
    typeof value.message === "string"
  );
}

function copyOf(original: { readonly message: string }): Error {
  const copy = withoutStack(original.message);
  if ("stack" in original && typeof original.stack === "string") copy.stack = original.stack;
  return copy;
}

/** The place where it was thrown is unknown; the frames of this file would mislead. */
function withoutStack(message: string): Error {
  const error = new Error(message);
  error.stack = `${error.name}: ${message}`;
  return error;
}
