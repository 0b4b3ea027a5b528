import { cutText } from "./cutText.ts";

/**
 * Whatever was thrown, as an Error whose message and stack are text: JavaScript lets a plugin throw null, or an error
 * whose message is a getter that throws.
 */
export function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error && isSound(thrown)) return thrown;
    // An error of another realm (a vm context, a worker) is not an instance of this one's Error.
    if (isErrorLike(thrown)) return copyOf(thrown);
    return withoutStack(`${describeValue(thrown)} was thrown, which is not an Error`);
  } catch {
    return withoutStack("something was thrown that cannot be looked at");
  }
}

/** The first line of what was thrown, for a message. */
export function messageOf(thrown: unknown): string {
  const error = toError(thrown);
  const text = error.message === "" ? error.name : error.message;
  return text.split("\n", 1)[0] ?? text;
}

/** A value as it may be shown within a message: as JSON where it has one, on one line, cut short. */
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
    // A circle, a getter or a toJSON of the value threw: what it is called by its type has to do.
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

/** Where it was thrown is lost; the frames of this file would mislead. */
function withoutStack(message: string): Error {
  const error = new Error(message);
  error.stack = `${error.name}: ${message}`;
  return error;
}
