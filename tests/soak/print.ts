/** Prints a figure with its expected value. */
export function print(what: string, figure: number | string, aim = ""): void {
  const value = typeof figure === "number" ? String(Math.round(figure * 100) / 100) : figure;
  process.stdout.write(`${what}: ${value}${aim === "" ? "" : ` (to be ${aim})`}\n`);
}

/** The number in the command's arguments, or a default. */
export function given(other: number): number {
  return Number(process.argv[2] ?? other);
}
