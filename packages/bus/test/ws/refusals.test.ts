import { randomBytes } from "node:crypto";
import { makeInstanceName } from "@peek/bus";
import { type WsBus } from "@peek/bus/ws";
import { parseToken } from "@peek/bus/identity";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connected } from "../bus/BusHarness.ts";
import { makeToken, tokenText } from "../../src/identity/Token.ts";
import { type UpgradeOptions, requestUpgrade, sendRawBytes } from "./rawConnections.ts";
import { exchangePath, protocol } from "../../src/ws/exchangeProtocol.ts";
import { RawExchangeClient } from "./RawExchangeClient.ts";
import { TestExchange, type TestExchangeOptions } from "./TestExchange.ts";

async function openExchange(options?: TestExchangeOptions): Promise<TestExchange> {
  const logic = await TestExchange.open(options);
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

describe("a client without a valid token", () => {
  let logic: TestExchange;
  let witness: WsBus;
  const states: string[] = [];

  beforeAll(async () => {
    logic = await TestExchange.open();
    witness = logic.dial("agent", { token: logic.tokens.create("agent") }).bus;
    await connected(witness);
    witness.onState((state) => void states.push(state));
  });

  afterAll(async () => {
    await logic[Symbol.asyncDispose]();
  });

  const revoked = (): string => {
    const token = logic.tokens.create("agent");
    logic.tokens.revoke(parseToken(token).id);
    return token;
  };
  const anothers = (): string => tokenText(makeToken("agent"));
  const cases: readonly [string, () => UpgradeOptions, number, RegExp][] = [
    ["no token", () => ({}), 401, /it presents no token; .*peek token create/],
    [
      "what is none",
      () => ({ token: "hunter2hunter2" }),
      401,
      /its token is malformed; copy all of the output of peek token create/,
    ],
    ["a token of another logic", () => ({ token: anothers() }), 401, /token [a-z2-7]{8} is not known to this logic/],
    ["a revoked one", () => ({ token: revoked() }), 401, /token [a-z2-7]{8} has been revoked; make another/],
    [
      "an expired one",
      () => ({ token: logic.tokens.create("agent", { expires: new Date(Date.now() - 1000) }) }),
      401,
      /token [a-z2-7]{8} has expired; make another/,
    ],
    [
      "a good one, on a wrong path",
      () => ({ token: logic.tokens.create("agent"), path: "/other" }),
      404,
      /nothing at this path/,
    ],
    [
      "a good one, in another language",
      () => ({ token: logic.tokens.create("agent"), subprotocol: "peek.vortex.99" }),
      400,
      /speaks another version of the protocol than peek\.vortex\.1; install the same version/,
    ],
  ];

  it.each(cases)("%s: is refused with the reason, and with one line in the log", async (_what, make, status, why) => {
    const options = make();
    const before = logic.log.lines.length;
    expect(await requestUpgrade(logic.port, options)).toEqual({ status, text: expect.stringMatching(why) });
    expect(await requestUpgrade(logic.port, options)).toMatchObject({ status });
    const lines = logic.log.lines.slice(before);
    expect(lines).toEqual([expect.stringMatching(why)]);
    expect(lines[0]).toMatch(/^warning 127\.0\.0\.1: a connection was refused: /);
    const shown = options.token ?? options.authorization;
    if (shown !== undefined) expect(lines[0]).not.toContain(shown.slice(-43));
    await answered(witness, logic);
    expect(states).toEqual([]);
  });

  it.each([
    ["something after the token", (token: string) => [`Authorization: Bearer ${token} x`], 401],
    ["the token twice", (token: string) => [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`], 401],
    ["the token in another scheme", (token: string) => [`Authorization: Basic ${token}`], 401],
    ["two hosts", (token: string) => [`Authorization: Bearer ${token}`, "Host: logic.example"], 400],
    ["nothing wrong", (token: string) => [`authorization: bearer  ${token}`], 101],
  ])("a good token, in a request with %s", async (_what, headers, status) => {
    const { port } = logic;
    const lines = [
      ...[`GET ${exchangePath} HTTP/1.1`, "Host: 127.0.0.1", "Connection: Upgrade", "Upgrade: websocket"],
      ...["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
      ...[`Sec-WebSocket-Protocol: ${protocol}`, ...headers(logic.tokens.create("agent"))],
    ];
    // An accepted WebSocket is closed because of the following bytes, which are no frame.
    expect(await sendRawBytes(port, `${lines.join("\r\n")}\r\n\r\nxxxx`)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it("causes one log line, however many tokens it invents", async () => {
    const before = logic.log.lines.length;
    for (let n = 0; n < 20; n += 1) await requestUpgrade(logic.port, { token: anothers() });
    expect(logic.log.lines.length - before).toBeLessThanOrEqual(1);
  });

  it("is refused with the malformed token as the reason, with any scheme", async () => {
    expect(await requestUpgrade(logic.port, { authorization: "Basic cGVlazpwZWVr" })).toMatchObject({
      status: 401,
      text: expect.stringMatching(/its token is malformed/),
    });
  });

  it("finds the advice in its own log, once", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const token = anothers();
    let attempts = 0;
    const { bus, log } = logic.dial("agent", () => {
      attempts += 1;
      if (attempts === 4) resolve();
      return { token };
    });
    await promise;
    expect(log.lines).toEqual([
      expect.stringMatching(
        /^warning Waiting for the logic service at ws:\/\/127\.0\.0\.1:\d+: it refuses this service: its token \w+ is not known/,
      ),
    ]);
    expect(bus.disconnectReason).toMatch(/refuses this service/);
  });

  it("cannot use the instance name of another service, or of logic", async () => {
    const token = logic.tokens.create("agent");
    for (const instance of [makeInstanceName("worker"), logic.bus.self.instance]) {
      using raw = await RawExchangeClient.connect(logic.port, "agent", token);
      raw.send(raw.hello({ instance }));
      expect(await raw.line(/^E/)).toMatch(/^E\{"code":"VORTEX_FRAME_INVALID","message":"[^"]*must be named after it/);
      expect(await raw.closed).toBe(1008);
    }
    await answered(witness, logic);
  });
});

describe("a client with a valid token", () => {
  it.each(["agent", "logic"] as const)("cannot replace a connected instance of another token: %s", async (service) => {
    const logic = await openExchange();
    const { bus } = logic.dial("agent", { token: logic.tokens.create("agent") });
    await connected(bus);
    const instance = (service === "logic" ? logic.bus : bus).self.instance;
    using raw = await RawExchangeClient.connect(logic.port, service, logic.tokens.create(service));
    raw.send(raw.hello({ instance }));
    expect(await raw.line(/^[EW]/)).toMatch(/^E/);
    expect(await raw.closed).toBe(1008);
    expect([logic.bus.state, bus.state]).toEqual(["connected", "connected"]);
    await answered(bus, logic);
  });
});

describe("a connection", () => {
  it("is cut at once when its token is revoked, with the reason; others are not", async () => {
    const logic = await openExchange();
    const token = logic.tokens.create("agent");
    const { bus, log } = logic.dial("agent", { token });
    const { bus: witness, log: witnessLog } = logic.dial("agent", { token: logic.tokens.create("agent") });
    await Promise.all([connected(bus), connected(witness)]);
    const revokedAt = performance.now();
    const { id } = logic.tokens.revoke(parseToken(token).id);
    await log.until(/Lost the logic service/);
    expect(performance.now() - revokedAt).toBeLessThan(1000);
    expect(bus.state).toBe("connecting");
    await log.until(new RegExp(`refuses this service: its token ${id} has been revoked`));
    expect(logic.warnings).toEqual([
      expect.stringMatching(
        new RegExp(`^warning 127\\.0\\.0\\.1: ${bus.self.instance} has token ${id}, which is no longer valid; .* cut$`),
      ),
      expect.stringMatching(/a connection was refused: its token .* revoked/),
    ]);
    await answered(witness, logic);
    expect(witnessLog.lines).toHaveLength(1);
  });

  it("is cut with its own log line, also when two are cut from one address", async () => {
    const logic = await openExchange();
    const tokens = [logic.tokens.create("agent"), logic.tokens.create("worker")] as const;
    const [agent, worker] = [logic.dial("agent", { token: tokens[0] }), logic.dial("worker", { token: tokens[1] })];
    await Promise.all([connected(agent.bus), connected(worker.bus)]);
    for (const token of tokens) logic.tokens.revoke(parseToken(token).id);
    await Promise.all([agent.log.until(/Lost/), worker.log.until(/Lost/)]);
    for (const { bus } of [agent, worker]) {
      expect(logic.warnings.filter((line) => line.includes(`${bus.self.instance} has token`))).toHaveLength(1);
    }
  });

  it("is cut when its token expires", async () => {
    const logic = await openExchange({ heartbeatMs: 100 });
    const token = logic.tokens.create("agent", { expires: new Date(Date.now() + 1000) });
    const { bus, log } = logic.dial("agent", { token });
    await connected(bus);
    await log.until(/refuses this service: its token .* has expired/);
    expect(logic.warnings[0]).toMatch(/has token \w+, which is no longer valid; its connection was cut/);
  });

  it("is cut when no hello arrives, although pings are answered", async () => {
    const logic = await openExchange({ heartbeatMs: 100 });
    using raw = await RawExchangeClient.connect(logic.port, "agent", logic.tokens.create("agent"));
    await raw.closed;
    expect(logic.warnings).toEqual([expect.stringMatching(/agent with token \w+ has not said hello for 200 ms; /)]);
  });
});

describe("other protocols at a port without TLS", () => {
  const upgrade = "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
  it.each<[string, (port: number) => Promise<unknown>, RegExp | undefined]>([
    [
      "random bytes",
      (port) => sendRawBytes(port, Buffer.concat([Buffer.from([0xff]), randomBytes(5000)])),
      /does not speak HTTP/,
    ],
    ["zeros", (port) => sendRawBytes(port, Buffer.alloc(1000)), /does not speak HTTP/],
    ["words", (port) => sendRawBytes(port, "SSH-2.0-OpenSSH_9.2\r\n"), /does not speak HTTP/],
    ["a header without end", (port) => sendRawBytes(port, `GET / HTTP/1.1\r\nx: ${"y".repeat(100_000)}`), /HTTP/],
    [
      "TLS",
      (port) => requestUpgrade(port, { secure: true }),
      /it uses TLS, and this port does not; set dataExchange\.useSsl/,
    ],
    [
      "a path that is none",
      (port) => sendRawBytes(port, `GET // HTTP/1.1\r\n${upgrade}\r\n\r\n`),
      /nothing at this path/,
    ],
    [
      "a path that is a bad URL",
      (port) => sendRawBytes(port, `GET http://[::bad HTTP/1.1\r\n${upgrade}\r\n\r\n`),
      /nothing at this path/,
    ],
  ])("%s: is refused with one log line, and others are not affected", async (_what, make, line) => {
    const logic = await openExchange();
    const { bus } = logic.dial("agent", { token: logic.tokens.create("agent") });
    await connected(bus);
    for (let n = 0; n < 3; n += 1) await make(logic.port);
    expect(logic.warnings).toEqual([expect.stringMatching(line ?? /./)]);
    expect(logic.warnings[0]).toMatch(/^warning 127\.0\.0\.1: a connection was refused: /);
    await answered(bus, logic);
    expect(bus.state).toBe("connected");
  });

  it("a browser gets a description of the port, and no more", async () => {
    const logic = await openExchange();
    for (const [method, path] of [
      ["GET", "/"],
      ["GET", "/vortex"],
      ["POST", "/vortex"],
    ] as const) {
      const response = await fetch(`http://127.0.0.1:${logic.port}${path}`, { method });
      expect(response.status).toBe(426);
      expect(await response.text()).toMatch(/^This is the data exchange of Peek's logic service/);
    }
    expect(logic.warnings).toEqual([]);
  });
});
