import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { WsBus } from "@peek/bus/ws";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { member } from "../bus/BusHarness.ts";
import { type RecordingLog, recordingLog } from "../bus/recordingLog.ts";

const refusal = "HTTP/1.1 401 Unauthorized\r\npeek-exchange: peek.vortex.1\r\nContent-Type: text/plain\r\n\r\n";

/** A server that is no exchange: handles each request with a function. */
async function listen(onAsked: (socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // A client may disconnect without a close.
    socket.on("error", () => undefined);
    socket.once("data", () => onAsked(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    const closed = once(server, "close");
    server.close();
    await closed;
  });
  return server;
}

function dial(server: Server): { readonly bus: WsBus; readonly log: RecordingLog } {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const { port } = address;
  const log = recordingLog();
  const options = { service: "agent", member: member("agent"), host: "127.0.0.1", port, secure: false } as const;
  const bus = new WsBus({ ...options, logger: log, credentials: () => ({ token: "any" }) });
  onTestFinished(() => bus[Symbol.asyncDispose]());
  return { bus, log };
}

/** Writes the same text until the client disconnects. */
function goOn(socket: Socket): void {
  socket.write("go away ", () => setImmediate(() => !socket.destroyed && goOn(socket)));
}

describe("a bus that finds another server in place of logic", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("gives up an endless refusal, and tries again", async () => {
    const ended = Promise.withResolvers<void>();
    const server = await listen((socket) => {
      socket.once("close", () => ended.resolve());
      socket.write(refusal);
      goOn(socket);
    });
    const { bus, log } = dial(server);
    await ended.promise;
    await log.until(/Waiting for the logic service at .*: it refuses this service: go away go away /);
    expect(log.lines[0]?.length).toBeLessThan(1200);
    expect(bus.state).toBe("connecting");
    await once(server, "connection");
    expect(log.lines).toHaveLength(1);
  });

  it("logs that it is another server, without that server's answer", async () => {
    const server = await listen((socket) => {
      socket.end("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<!DOCTYPE HTML>\n<p>Nothing here");
    });
    const { log } = dial(server);
    await log.until(/is not Peek's data exchange \(HTTP 404\); check host and port\. Retrying/);
    expect(log.lines.join()).not.toContain("DOCTYPE");
  });

  it.each([
    ["sends nothing", ""],
    ["starts a refusal that never ends", `${refusal}go away`],
  ])("gives up after 10 s, when the server %s", async (_what, answer) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const asked = Promise.withResolvers<void>();
    const server = await listen((socket) => socket.write(answer, () => asked.resolve()));
    const { bus, log } = dial(server);
    await asked.promise;
    vi.advanceTimersByTime(9_999);
    expect([bus.state, bus.disconnectReason]).toEqual(["connecting", undefined]);
    vi.advanceTimersByTime(1);
    // The retry must happen by itself.
    vi.useRealTimers();
    await log.until(/^info Waiting for the logic service at .*: it has sent nothing for 10000 ms/);
    expect(bus.disconnectReason).toBe("it has sent nothing for 10000 ms");
    await once(server, "connection");
  });
});
