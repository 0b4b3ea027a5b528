/** Tells the bench figures. */
export function tell(figures) {
  console.log(`Measured ${JSON.stringify(figures)}`);
}
