/** The stack trace of the caller of a replaced function. */
export function callerStack(): string {
  return new Error().stack?.split("\n").slice(3).join("\n") ?? "";
}
