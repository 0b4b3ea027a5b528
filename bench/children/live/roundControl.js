import { once } from "node:events";
import { connect, createServer } from "node:net";

/** The messages of the publisher to the subscribers: the measurement begins, and has ended. */
const begin = "b";
const end = "e";

/**
 * The publisher's side of the acknowledgements: the subscribers send one byte, on a separate connection, when all have an update.
 *
 * @returns `connected` settles when all subscribers are connected.
 */
export async function listenRoundControl(port) {
  const server = createServer({ noDelay: true });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { promise, resolve } = Promise.withResolvers();
  let onDone;
  server.once("connection", (socket) => {
    socket.on("data", (data) => {
      for (let index = 0; index < data.length; index += 1) onDone();
    });
    resolve({
      begin: () => socket.write(begin),
      end: () => socket.write(end),
    });
  });
  return {
    connected: promise,
    /** Publishes, and waits until all subscribers have the update. */
    round: async (publish) => {
      const { promise: done, resolve: resolveDone } = Promise.withResolvers();
      onDone = resolveDone;
      publish();
      await done;
    },
  };
}

/** The subscribers' side. */
export async function openRoundControl(port, { onBegin = () => undefined, onEnd = () => undefined }) {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  socket.on("data", (data) => {
    for (const each of data.toString()) {
      if (each === begin) onBegin();
      else onEnd();
    }
  });
  return { done: () => socket.write("d") };
}
