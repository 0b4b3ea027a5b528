/** What a page of somebody else's is told. */
export const foreignMessage = "Pages of this origin may not use the service. See httpServer.*.allowedOrigins.";

/** What is told of a request for a name that is not this machine's. */
export const misdirectedMessage =
  "This is not a name of this machine. If it is that of a proxy in front of the service, set httpServer.*.allowedOrigins.";

/** What the log says of it. */
export const misdirectedLog = "A request for %s was refused: httpServer.*.allowedOrigins does not have it";
