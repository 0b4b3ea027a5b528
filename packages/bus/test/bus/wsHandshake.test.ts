import { once } from "node:events";
import { expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { WsBus } from "../../src/ws/WsBus.ts";
import { connected, member } from "./BusHarness.ts";
import { recordingLog } from "./recordingLog.ts";

it("contracts announced between the hello and the welcome reach the peers", async () => {
  await using owned = new AsyncDisposableStack();
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  owned.defer(() => {
    server.close();
  });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const { port } = address;
  const lines: string[] = [];
  const announced = Promise.withResolvers<void>();
  const bus = owned.use(
    new WsBus({
      service: "agent",
      member: member("agent"),
      host: "127.0.0.1",
      port,
      secure: false,
      credentials: () => ({ token: "any" }),
      logger: recordingLog(),
    }),
  );
  server.on("connection", (socket) => {
    socket.on("message", (data: Buffer) => {
      lines.push(...data.toString().split("\n"));
      if (lines.length === 1) {
        bus.announce(["peek_plugin_a.Calls"]);
        socket.send('W{"heartbeatMs":60000}');
      } else announced.resolve();
    });
  });
  await connected(bus);
  await announced.promise;
  expect(lines[0]).toMatch(/^H.*"serves":\[\]/);
  expect(lines.slice(1)).toEqual(['S["peek_plugin_a.Calls"]']);
});
