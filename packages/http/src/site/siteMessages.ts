/** What a page of somebody else's is told. */
export const foreignMessage = "Pages of this origin may not use the service. See httpServer.*.allowedOrigins.";

/** What is told of a request for a name that is not this machine's. */
export const misdirectedMessage =
  "This is not a name of this machine. If it should be one, add it to httpServer.*.allowedHosts.";

/** What the log says of it. */
export const misdirectedLog =
  "A request for %s was refused: that is not a name of this machine, and httpServer.%s.allowedHosts does not have it";
