/**
 * The WebSocket subprotocol between browsers and gateways. Each message is one text frame of JSON; a large snapshot may be one binary
 * frame instead: the same JSON in gzip.
 */
export const clientProtocol = "peek.client.1";

/** The path of the WebSocket on the site. */
export const clientPath = "/vortex";

/** The codes with which a gateway closes a connection, besides those of the WebSocket standard. */
export const closeCodes = {
  /** The session has ended: the user has to log in again. */
  sessionEnded: 4401,
  /** The gateway is stopping or sends the browser to another one: the browser reconnects at once, and loses nothing. */
  goAway: 4503,
  /** The browser has received nothing for too long. */
  stalled: 4408,
  /** The browser has sent too many messages, or too many invalid ones. */
  misbehaved: 4429,
} as const;
