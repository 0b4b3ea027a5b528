import { once } from "node:events";
import { WsBus } from "@peek/bus/ws";
import { expect, it, onTestFinished, vi } from "vitest";
import { WebSocketServer } from "ws";
import { member } from "../bus/BusHarness.ts";
import { recordingLog } from "../bus/recordingLog.ts";

it("a bus that is disconnected right after each welcome backs off", async () => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => server.close());
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  // The shortest possible waits: 30 ms at first, doubled each time.
  vi.spyOn(Math, "random").mockReturnValue(0);
  onTestFinished(() => void vi.restoreAllMocks());
  const thrownOut: number[] = [];
  const waits: number[] = [];
  const enough = Promise.withResolvers<void>();
  server.on("connection", (socket) => {
    const last = thrownOut.at(-1);
    if (last !== undefined) waits.push(performance.now() - last);
    if (waits.length === 5) enough.resolve();
    socket.on("message", () => {
      socket.send('W{"heartbeatMs":60000}', () => {
        thrownOut.push(performance.now());
        socket.close();
      });
    });
  });
  const log = recordingLog();
  const options = { service: "agent", member: member("agent"), host: "127.0.0.1", port: address.port } as const;
  const bus = new WsBus({ ...options, secure: false, logger: log, credentials: () => ({ token: "any" }) });
  onTestFinished(() => bus[Symbol.asyncDispose]());
  const connections: string[] = [];
  bus.onState((state) => connections.push(state));
  await enough.promise;
  expect(connections.slice(0, 10)).toEqual(Array.from({ length: 5 }, () => ["connected", "connecting"]).flat());
  // A timer may fire a fraction of a millisecond early.
  for (const [n, ms] of waits.entries()) expect(ms).toBeGreaterThan(30 * 2 ** n - 2);
});
