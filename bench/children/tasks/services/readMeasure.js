/** What the services are to do. */
export function readMeasure() {
  return JSON.parse(process.env.PEEK_BENCH);
}
