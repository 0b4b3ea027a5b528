import { once } from "node:events";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { refuseUpgrade } from "@peek/kit";

test("A client that has sent more than its request receives the answer", async () => {
  const server = createServer();
  server.on("upgrade", (_request, socket) =>
    refuseUpgrade(socket, { status: 503, contentType: "text/plain", body: "no" }),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const lines = ["GET / HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket"];
  client.write(`${lines.join("\r\n")}\r\n\r\n`);
  await once(client, "readable");
  // Each write would meet a connection that the server has destroyed.
  for (let sent = 0; sent < 10; sent += 1) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    client.write("more", resolve);
    expect((await promise) ?? undefined).toBeUndefined();
  }
  expect(await text(client)).toMatch(/^HTTP\/1\.1 503 .*no$/su);
  client.end();
  await once(client, "close");
});

test("A refused upgrade is answered by an HTTP error with the given headers and body, and the connection is closed", async () => {
  const server = createServer();
  server.on("upgrade", (_request, socket) =>
    refuseUpgrade(socket, {
      status: 503,
      contentType: "text/plain; charset=utf-8",
      body: "Später",
      headers: { "retry-after": "2" },
    }),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const sent = request({ port, host: "127.0.0.1", headers: { connection: "upgrade", upgrade: "websocket" } });
  sent.end();
  const [response] = await once(sent, "response");
  expect(response).toMatchObject({
    statusCode: 503,
    statusMessage: "Service Unavailable",
    headers: { "retry-after": "2", "content-length": "7", connection: "close" },
  });
  expect(await text(response)).toBe("Später");
  if (!response.socket.destroyed) await once(response.socket, "close");
});
