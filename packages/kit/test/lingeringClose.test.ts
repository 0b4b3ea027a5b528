import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { lingeringClose, type LingerLimits } from "@peek/kit";

/** A client, and the server's end of its connection, which says goodbye and closes upon the first bytes. */
async function closing(limits: LingerLimits): Promise<{ readonly client: Socket; readonly server: Socket }> {
  const listener = createServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const [server] = (await once(listener, "connection")) as [Socket];
  onTestFinished(() => {
    client.destroy();
    listener.close();
  });
  server.once("data", () => {
    server.write("goodbye");
    lingeringClose(server, limits);
  });
  return { client, server };
}

/** Writes, and waits until the operating system has taken it. Returns whether it has. */
async function write(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.write(bytes, (error) => resolve(error === undefined || error === null));
  return promise;
}

const mebibyte = Buffer.alloc(1024 * 1024);

test("A peer that sends much before it reads receives everything that was written, and both ends close", async () => {
  const { client, server } = await closing({ maxMs: 10_000, maxBytes: 64 * mebibyte.length });
  for (let sent = 0; sent < 32; sent += 1) expect(await write(client, mebibyte)).toBe(true);
  expect(await text(client)).toBe("goodbye");
  client.end();
  if (!server.closed) await once(server, "close");
  expect(server.bytesRead).toBe(32 * mebibyte.length);
});

test("A peer that sends more bytes than the limit is cut", async () => {
  const { client, server } = await closing({ maxMs: 600_000, maxBytes: 4 * mebibyte.length });
  client.on("error", () => undefined);
  while (await write(client, mebibyte));
  if (!server.closed) await once(server, "close");
  expect(server.bytesRead).toBeGreaterThan(4 * mebibyte.length);
  expect(server.bytesRead).toBeLessThan(5 * mebibyte.length);
});

test("A peer that does not close its end is cut at the deadline", async () => {
  const { client, server } = await closing({ maxMs: 100, maxBytes: mebibyte.length });
  client.write("hello");
  expect(await text(client)).toBe("goodbye");
  if (!server.closed) await once(server, "close");
  expect(client.closed).toBe(false);
});
