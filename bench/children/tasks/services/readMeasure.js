/** Reads the measurement that the services should run. */
export function readMeasure() {
  return JSON.parse(process.env.PEEK_BENCH);
}
