import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { PeerIdentity } from "@peek/plugin-base";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Caller } from "./Caller.ts";
import { RawExchangeClient } from "@peek/bus/testing";
import type { ClientsArgument, ClientsReport } from "./clientsMain.ts";
import type { HubAnswer } from "./exchangeMain.ts";
import { ExchangeProcess } from "./ExchangeProcess.ts";

const mebibyte = 1024 * 1024;
const sentBytes = 100 * mebibyte;

let logic: ExchangeProcess;
let sender: Caller;

beforeEach(async () => {
  logic = await ExchangeProcess.start({ heartbeatMs: 500 });
  sender = await Caller.connect(logic.port, "office", logic.tokens.create("office"));
});

afterEach(async () => {
  await sender[Symbol.asyncDispose]();
  await logic[Symbol.asyncDispose]();
});

/** Sends 100 MiB to a peer as fast as the exchange accepts it. Returns the largest RSS of the exchange meanwhile. */
async function sendMuch(to: PeerIdentity): Promise<{ readonly largestRss: number; readonly end: HubAnswer }> {
  const text = "x".repeat(mebibyte);
  let largestRss = 0;
  for (let sent = 0; sent < sentBytes;) {
    try {
      sender.bus.send(to, text);
      sent += mebibyte;
    } catch (error) {
      // The peer is gone, or too much is queued here.
      if (!PeekError.is(error)) throw error;
      if (error.code === "VORTEX_NOBODY") break;
      expect(error.code).toBe("VORTEX_OVERLOADED");
    }
    if (sent % (4 * mebibyte) === 0) largestRss = Math.max(largestRss, (await logic.ask("look")).rss);
    await setImmediate();
  }
  const end = await logic.until(({ lines }) => lines.some((line) => line.includes("its connection was cut")));
  return { largestRss: Math.max(largestRss, end.rss), end };
}

describe("100 MiB to a peer that does not read", () => {
  it("do not stay in the exchange: the peer is cut, with one log line, and the sender is notified", async () => {
    const { rss } = await logic.ask("collect");
    using raw = await RawExchangeClient.join(logic.port, "agent", logic.tokens.create("agent"));
    const gone = Promise.withResolvers<string>();
    sender.bus.onGone(gone.resolve);
    raw.socket.pause();
    const { largestRss, end } = await sendMuch({ service: "agent", instance: raw.instance });
    expect(largestRss - rss).toBeLessThan(150 * mebibyte);
    expect(end.lines.filter((line) => line.startsWith("warning"))).toEqual([
      expect.stringMatching(
        new RegExp(`^warning 127\\.0\\.0\\.1: ${raw.instance} does not read: \\d+ bytes are queued for it; its con`),
      ),
    ]);
    expect(await gone.promise).toBe(raw.instance);
    expect(await sender.client.add({ a: 1, b: 2 })).toBe(3);
  });

  it("do not end a suspended service for good: it reconnects when it runs again", async () => {
    const argument: ClientsArgument = {
      port: logic.port,
      service: "agent",
      token: logic.tokens.create("agent"),
      count: 1,
    };
    const child = fork(join(import.meta.dirname, "clientsMain.ts"), [JSON.stringify(argument)], {
      execArgv: ["--conditions=@peek/source"],
    });
    try {
      const { instance } = await report(child, ({ connected }) => connected === 1);
      child.kill("SIGSTOP");
      const { end } = await sendMuch({ service: "agent", instance });
      expect(end.lines.filter((line) => line.startsWith("warning"))).toHaveLength(1);
      const again = report(child, ({ lines }) => lines.length === 3);
      child.kill("SIGCONT");
      expect((await again).lines).toEqual([
        expect.stringMatching(/^info Connected to the logic service/),
        expect.stringMatching(/^warning Lost the logic service .*Reconnecting$/),
        expect.stringMatching(/^info Reconnected to the logic service .* after \d/),
      ]);
      await logic.until(({ members }) => members === 3);
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
});

/** Waits until a condition on the clients holds. */
async function report(child: ChildProcess, isSo: (report: ClientsReport) => boolean): Promise<ClientsReport> {
  for (;;) {
    const [message] = (await once(child, "message", { signal: AbortSignal.timeout(30_000) })) as [ClientsReport];
    if (isSo(message)) return message;
  }
}
