/** Whatever was thrown, as an Error: JavaScript lets a plugin throw null. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  // An error of another realm (a vm context, a worker) is not an instance of this one's Error.
  if (isErrorLike(thrown)) return Object.assign(new Error(thrown.message), { name: thrown.name, stack: thrown.stack });
  const error = new Error(`${describeValue(thrown)} was thrown, which is not an Error`);
  // Where it was thrown is lost; this function's own frames would mislead.
  error.stack = `${error.name}: ${error.message}`;
  return error;
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
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
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

function isErrorLike(value: unknown): value is { name: string; message: string; stack: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.prototype.toString.call(value) === "[object Error]" &&
    "message" in value &&
    typeof value.message === "string"
  );
}
