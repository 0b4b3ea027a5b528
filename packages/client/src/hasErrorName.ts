/** Whether a value is an error with this name, such as `QuotaExceededError`. */
export function hasErrorName(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
