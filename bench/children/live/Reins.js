import { once } from "node:events";
import { connect, createServer } from "node:net";

/** What the publisher says to the subscribers: what is counted begins, and has ended. */
const begin = "b";
const end = "e";

/**
 * By what the publisher is told that all subscribers have an update: one byte each time, on a connection of its own.
 *
 * @returns `connected`: when all subscribers are there.
 */
export async function listenReins(port) {
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
    /** Publishes, and waits until all have it. */
    round: async (publish) => {
      const { promise: done, resolve: resolveDone } = Promise.withResolvers();
      onDone = resolveDone;
      publish();
      await done;
    },
  };
}

/** The other end. */
export async function openReins(port, { onBegin = () => undefined, onEnd = () => undefined }) {
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
