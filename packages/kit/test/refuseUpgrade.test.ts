import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { refuseUpgrade } from "@peek/kit";

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
