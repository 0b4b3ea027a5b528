/** The answer to a page of another origin. */
export const crossOriginMessage = "Pages of this origin may not use the service. See httpServer.*.allowedOrigins.";

/** The answer to a request for a host name that is not this machine's. */
export const misdirectedMessage =
  "This machine does not have the requested host name. To accept it, add it to httpServer.*.allowedHosts.";

/** The log line about such a request: its origin, the site. */
export const misdirectedLogText =
  "A request for %s was refused: this machine does not have that name, and httpServer.%s.allowedHosts does not list it";
