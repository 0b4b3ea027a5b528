import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExchangeTls, WsBus } from "@peek/bus/ws";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connected } from "../bus/BusHarness.ts";
import { type Certificate, type CertificateOptions, TestAuthority } from "../identity/TestAuthority.ts";
import { requestUpgrade, sendRawBytes } from "./rawConnections.ts";
import { TestExchange } from "./TestExchange.ts";

let dir: string;
let authority: TestAuthority;
let stranger: TestAuthority;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "peek-tls-"));
  authority = new TestAuthority(mkdtempSync(join(dir, "a")), "Plant authority");
  stranger = new TestAuthority(mkdtempSync(join(dir, "b")), "Another authority");
});

afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

async function openExchange(tls: ExchangeTls): Promise<TestExchange> {
  const logic = await TestExchange.open({ tls });
  onTestFinished(() => logic[Symbol.asyncDispose]());
  return logic;
}

/** Sends a message to logic, and waits for the echo. */
async function answered(bus: WsBus, logic: TestExchange): Promise<void> {
  const text = randomBytes(8).toString("hex");
  const { promise, resolve } = Promise.withResolvers<void>();
  bus.onMessage((_from, back) => back === text && resolve());
  bus.send(logic.bus.self, text);
  await promise;
}

describe("other protocols at a TLS port", () => {
  it.each<[string, (port: number) => Promise<unknown>]>([
    ["plain HTTP", (port) => sendRawBytes(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["a service without TLS", (port) => requestUpgrade(port, { token: "x" })],
    ["random bytes", (port) => sendRawBytes(port, Buffer.concat([Buffer.from([0xff, 0xff, 0xff]), randomBytes(5000)]))],
    [
      "a hello of SSL 2",
      (port) => sendRawBytes(port, Buffer.concat([Buffer.from([0xff, 0xff, 0x01]), randomBytes(5000)])),
    ],
  ])("%s: is refused with one log line, and others are not affected", async (_what, make) => {
    const logic = await openExchange(authority.issue());
    const { bus } = logic.dial("agent", { token: logic.tokens.create("agent"), ca: authority.cert });
    await connected(bus);
    for (let n = 0; n < 3; n += 1) await make(logic.port);
    await logic.log.until(/refused/);
    expect(logic.warnings).toEqual([
      expect.stringMatching(
        /^warning 127\.0\.0\.1: a connection was refused: it does not use TLS, and this port does; set dataExchange\.useSsl/,
      ),
    ]);
    await answered(bus, logic);
  });

  it("a bus without TLS logs the setting to check", async () => {
    const logic = await openExchange(authority.issue());
    const { log } = logic.dial("agent", { token: logic.tokens.create("agent") }, { secure: false });
    await log.until(/Waiting for .*: (the other side cut the connection|one side uses TLS).*useSsl/);
  });
});

describe("a bus whose logic shows", () => {
  it.each<[string, () => Certificate, RegExp, string | undefined]>([
    [
      "an expired certificate",
      () => authority.issue({ fromDays: -9, toDays: -2 }),
      /the other side's certificate has expired \(CERT_HAS_EXPIRED\)\. Renew it there/,
      undefined,
    ],
    [
      "one of an authority that is not trusted",
      () => stranger.issue(),
      /the (authority of the )?other side's certificate is (not known here|signed by itself or by an authority)/,
      undefined,
    ],
    [
      "one for another host",
      () => authority.issue({ hosts: "DNS:elsewhere.example" }),
      /the certificate is for another host than the one that was connected to/,
      undefined,
    ],
  ])("%s: says so, and does not show it its token", async (_what, make, why) => {
    const logic = await openExchange(make());
    const { bus, log } = logic.dial("agent", { token: logic.tokens.create("agent"), ca: authority.cert });
    await log.until(/Waiting for/);
    expect(log.lines).toEqual([expect.stringMatching(why)]);
    expect(bus.disconnectReason).toMatch(why);
    expect(bus.state).toBe("connecting");
    expect(logic.log.lines.filter((line) => line.includes("token"))).toEqual([]);
  });

  it("a valid certificate: is connected", async () => {
    const logic = await openExchange(authority.issue());
    const { bus } = logic.dial("agent", { token: logic.tokens.create("agent"), ca: authority.cert });
    await answered((await connected(bus)) as WsBus, logic);
    expect(bus.self.service).toBe("agent");
  });
});

describe("mutual TLS", () => {
  const site = (): ExchangeTls => ({ ...authority.issue(), clientAuthorities: authority.cert });

  it("identifies a service by its certificate alone", async () => {
    const logic = await openExchange(site());
    const { bus, log } = logic.dial("agent", {
      ca: authority.cert,
      ...authority.issue({ name: "agent.plant7.example" }),
    });
    await connected(bus);
    await answered(bus, logic);
    expect(log.lines).toEqual([expect.stringMatching(/^info Connected to the logic service at wss:/)]);
    expect(logic.warnings).toEqual([]);
  });

  it("rejects the instance name of another service than the certificate's", async () => {
    const logic = await openExchange(site());
    const { log } = logic.dial("agent", { ca: authority.cert, ...authority.issue({ name: "worker" }) });
    await log.until(/an instance of the worker service must be named after it/);
    expect(logic.warnings[0]).toMatch(/worker with certificate worker sent an invalid line/);
  });

  const cases: readonly [string, CertificateOptions | undefined, () => TestAuthority, RegExp][] = [
    ["no certificate", undefined, () => authority, /presented no certificate/],
    ["an expired one", { name: "agent", fromDays: -9, toDays: -2 }, () => authority, /certificate has expired/],
    [
      "one of an authority that is not known",
      { name: "agent" },
      () => stranger,
      /authority (of the other side's certificate )?is not known/,
    ],
    [
      "one that names no service",
      { name: "pump7.example" },
      () => authority,
      /is for "pump7\.example", and its CN must/,
    ],
  ];

  it.each(cases)("%s: is refused with the reason, and with one log line", async (_what, options, of, why) => {
    const logic = await openExchange(site());
    const { bus: witness } = logic.dial("office", { ca: authority.cert, ...authority.issue({ name: "office" }) });
    await connected(witness);
    const shown = options === undefined ? {} : of().issue(options);
    const { promise, resolve } = Promise.withResolvers<void>();
    let attempts = 0;
    // A token does not help.
    const token = logic.tokens.create("agent");
    const { log } = logic.dial("agent", () => {
      attempts += 1;
      if (attempts === 3) resolve();
      return { token, ca: authority.cert, ...shown };
    });
    await promise;
    expect(logic.warnings).toEqual([expect.stringMatching(why)]);
    expect(logic.warnings[0]).toMatch(/^warning 127\.0\.0\.1: a connection was refused: /);
    expect(log.lines).toEqual([expect.stringMatching(why)]);
    await answered(witness, logic);
  });
});
