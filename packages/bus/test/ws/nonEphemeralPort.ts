import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port of this machine that nobody listens on, below those that the system gives to whoever connects: an exchange that ends
 * and begins again finds it free still.
 */
export async function nonEphemeralPort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
      return port;
    } catch {
      // Somebody listens there.
    } finally {
      server.close();
    }
  }
}
