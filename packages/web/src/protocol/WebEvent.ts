import { z } from "zod";

/** How often a site sends a `beat`, at the latest, in milliseconds: a browser without one has lost its connection. */
export const webBeatMs = 20_000;

/** A message of a site to its app, as JSON on the WebSocket at `webPaths.events`. */
export const webEventSchema = z.discriminatedUnion("event", [
  /** The user's catalogue has this ETag: at the beginning, and after each change. */
  z.object({ event: z.literal("catalogue"), etag: z.string().max(200) }),
  /** The session has ended; the site closes the connection. */
  z.object({ event: z.literal("login") }),
  z.object({ event: z.literal("beat") }),
]);

/** A checked message. */
export type WebEvent = z.infer<typeof webEventSchema>;
