import { once } from "node:events";
import { createServer } from "node:net";

/** Ports above these are ephemeral: an outgoing connection may take any of them at any time. */
const [lowest, count] = [20_000, 12_000];

/** A port on which no process listens, and that no outgoing connection uses. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * count);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch {
      // A process listens there.
      continue;
    }
    const closed = once(server, "close");
    server.close();
    await closed;
    return port;
  }
}
