/** Prints figures for the bench. */
export function report(figures) {
  console.log(`Measured ${JSON.stringify(figures)}`);
}
