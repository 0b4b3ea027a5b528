import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { connected } from "../bus/BusHarness.ts";
import { TestAuthority } from "../identity/TestAuthority.ts";
import type { DisposalReport } from "./disposalMain.ts";
import { TestExchange } from "./TestExchange.ts";

describe("a bus that is disposed while its welcome is on the way", () => {
  it("stays closed, delivers nothing more, and does not keep the process running", async () => {
    const child = fork(join(import.meta.dirname, "disposalMain.ts"), { execArgv: ["--conditions=@peek/source"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const reports: DisposalReport[] = [];
    child.on("message", (report) => reports.push(report as DisposalReport));
    expect(await once(child, "exit", { signal: AbortSignal.timeout(20_000) })).toEqual([0, null]);
    expect(reports).toEqual([{ heard: ["state closed"], state: "closed", peers: 0, log: [] }]);
  });
});

describe("an exchange that is disposed", () => {
  it.each([true, false])(
    "does not wait for a client that has connected and sends nothing (TLS: %s)",
    async (isSecure) => {
      const dir = mkdtempSync(join(tmpdir(), "peek-tls-"));
      onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
      const authority = isSecure ? new TestAuthority(dir) : undefined;
      const logic = await TestExchange.open(authority === undefined ? {} : { tls: authority.issue() });
      onTestFinished(() => logic[Symbol.asyncDispose]());
      const silent = connect({ host: "127.0.0.1", port: logic.port });
      onTestFinished(() => void silent.destroy());
      silent.on("error", () => undefined);
      silent.resume();
      await once(silent, "connect");
      // A later client has been accepted.
      const { bus } = logic.dial("agent", { token: logic.tokens.create("agent"), ca: authority?.cert });
      await connected(bus);
      const closed = once(silent, "close");
      const start = performance.now();
      await logic[Symbol.asyncDispose]();
      expect(performance.now() - start).toBeLessThan(2000);
      await closed;
    },
  );
});
