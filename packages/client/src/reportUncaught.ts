/** Tells the page of an error in what it gave to the client, as of one that nobody caught; elsewhere nobody is told. */
export function reportUncaught(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
}
