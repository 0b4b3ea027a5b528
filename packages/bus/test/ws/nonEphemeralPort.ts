import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A free port of this machine below the ephemeral range: no outgoing connection gets it, so an exchange that restarts finds it
 * still free.
 */
export async function nonEphemeralPort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
      return port;
    } catch {
      // The port is in use.
    } finally {
      server.close();
    }
  }
}
