/** Reports an error of the page's code as an uncaught one; outside of browsers it is ignored. */
export function reportUncaught(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
}
