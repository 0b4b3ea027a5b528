import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WsBus } from "@peek/bus/ws";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocketServer } from "ws";
import { protocol } from "../../src/ws/exchangeProtocol.ts";
import { member } from "../bus/BusHarness.ts";
import { recordingLog } from "../bus/recordingLog.ts";
import { TestAuthority } from "../identity/TestAuthority.ts";
import { nonEphemeralPort } from "./nonEphemeralPort.ts";
import { TestExchange } from "./TestExchange.ts";

const patienceMs = 300;

describe.concurrent("a client that connects and sends nothing", () => {
  it("is cut at a port without TLS, with one log line", async ({ expect }) => {
    await using logic = await TestExchange.open({ requestMs: patienceMs });
    const sockets = [silent(logic.port), silent(logic.port)];
    await Promise.all(sockets.map((socket) => closed(socket)));
    expect(logic.warnings).toEqual(["warning 127.0.0.1: a connection was refused: it sent no request in time"]);
  });

  it("is cut at a TLS port, with one log line", async ({ expect }) => {
    const dir = mkdtempSync(join(tmpdir(), "peek-tls-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    await using logic = await TestExchange.open({ requestMs: patienceMs, tls: new TestAuthority(dir).issue() });
    const sockets = [silent(logic.port), silent(logic.port)];
    await Promise.all(sockets.map((socket) => closed(socket)));
    expect(logic.warnings).toEqual(["warning 127.0.0.1: a connection was refused: it sent no request in time"]);
  });
});

describe("a bus whose logic sends nothing", () => {
  it("reconnects, and logs it once", async () => {
    const port = await nonEphemeralPort();
    const server = new WebSocketServer({ port, host: "127.0.0.1", handleProtocols: () => protocol });
    await once(server, "listening");
    const log = recordingLog();
    const options = { service: "agent", member: member("agent"), host: "127.0.0.1", port, secure: false } as const;
    const bus = new WsBus({ ...options, logger: log, attemptMs: patienceMs, credentials: () => ({}) });
    await once(server, "connection");
    await once(server, "connection");
    expect(log.lines).toEqual([expect.stringMatching(/^info Waiting for the logic service .*: it has sent nothing/)]);
    await bus[Symbol.asyncDispose]();
    server.close();
  });
});

function silent(port: number): Socket {
  return connect({ host: "127.0.0.1", port });
}

async function closed(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on("error", () => undefined);
  socket.on("close", () => resolve());
  socket.resume();
  await promise;
}
