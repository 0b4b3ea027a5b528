import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { TestAuthority } from "../identity/TestAuthority.ts";
import { RawExchangeClient } from "./RawExchangeClient.ts";
import { TestExchange } from "./TestExchange.ts";

it.each(["TCP", "TLS"])(
  "a client over %s that goes on to send after its connection was closed, and reads late, receives the reason",
  async (transport) => {
    const dir = mkdtempSync(join(tmpdir(), "peek-late-reader-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const authority = transport === "TLS" ? new TestAuthority(dir) : undefined;
    await using logic = await TestExchange.open({ heartbeatMs: 250, ...(authority && { tls: authority.issue() }) });
    const token = logic.tokens.create("agent");
    using witness = await RawExchangeClient.connect(logic.port, "agent", token, authority?.cert);
    witness.send(witness.hello());
    using raw = await RawExchangeClient.connect(logic.port, "agent", token, authority?.cert);
    raw.socket.pause();
    raw.send("this is no hello");
    await logic.log.until(/sent an invalid line/);
    // Time passes.
    for (let heartbeats = 0; heartbeats < 4; heartbeats += 1) await once(witness.socket, "ping");
    for (let sent = 0; sent < 10; sent += 1) {
      const { promise, resolve } = Promise.withResolvers<Error | undefined>();
      raw.socket.send("x".repeat(1000), (error) => resolve(error ?? undefined));
      expect(await promise).toBeUndefined();
    }
    raw.socket.resume();
    expect(await raw.closed).toBe(1008);
    expect(await raw.line(/^E/)).toContain("VORTEX_FRAME_INVALID");
  },
);
