import { once } from "node:events";
import { createServer } from "node:net";

/** Above these are the ports that the system gives to those who connect: one of them may have any at any time. */
const [lowest, count] = [20_000, 12_000];

/** A port on which nobody listens, and that no outgoing connection has. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * count);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch {
      // Somebody listens there.
      continue;
    }
    const closed = once(server, "close");
    server.close();
    await closed;
    return port;
  }
}
