import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { connect, type NatsConnection, PermissionViolationError } from "@nats-io/transport-node";
import { type ServiceName, serviceNames } from "@peek/plugin-base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { natsAuthorization, natsPermissions, natsUserOf } from "../../src/nats/index.ts";
import { parseNatsConfig } from "../../src/nats/NatsConfig.ts";
import { TestAuthority } from "../identity/TestAuthority.ts";
import { temporaryFolder } from "@peek/kit/testing";
import { natsPassword, NatsServer } from "../nats/NatsServer.ts";
import { connected } from "./BusHarness.ts";
import { openNatsBus } from "./openNatsBus.ts";

/** A NATS client with the credentials of a service, which does what a service must not. */
async function intruder(server: NatsServer, service: ServiceName): Promise<NatsConnection & AsyncDisposable> {
  return await connect({ servers: server.url, user: natsUserOf(service), pass: natsPassword(service) });
}

/** The subjects that the server has denied to a client, once it has handled all requests. */
async function refusedTo(client: NatsConnection, act: () => void): Promise<readonly string[]> {
  const refused: string[] = [];
  const statuses = client.status();
  const following = (async () => {
    for await (const status of statuses) {
      if (status.type === "error" && status.error instanceof PermissionViolationError)
        refused.push(status.error.subject);
    }
  })();
  act();
  await client.flush();
  await client.close();
  await following;
  return refused;
}

/** A configuration with a user for each service, with the given permissions. */
function lax(permissionsOf: (service: ServiceName) => string): string {
  const users = serviceNames.map(
    (name) => `{ user: ${natsUserOf(name)}, password: "${natsPassword(name)}", ${permissionsOf(name)} }`,
  );
  return `authorization { users: [ ${users.join(", ")} ] }`;
}

describe("a NATS server with the output of peek nats permissions", () => {
  let server: NatsServer;

  beforeAll(async () => {
    server = await NatsServer.start({ config: natsAuthorization() });
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it("keeps a service from impersonating another", async () => {
    await using logic = openNatsBus(server, "logic");
    await using office = openNatsBus(server, "office");
    await connected(logic.bus);
    await connected(office.bus);
    await office.bus.watch("logic");
    await office.recorder.until(() => office.bus.peers("logic").length === 1);
    const { instance } = office.bus.self;
    const subjects = [
      `peek.to.office.${instance}.1.logic.${logic.bus.self.instance}.1`,
      `peek.presence.logic.${logic.bus.self.instance}.1`,
      `peek.who.office.logic.${logic.bus.self.instance}.1`,
      `_INBOX_office.${instance}.1.logic.${logic.bus.self.instance}.1`,
    ];
    const client = await intruder(server, "agent");
    const refused = await refusedTo(client, () => {
      for (const subject of subjects) client.publish(subject, "");
    });
    expect(refused).toEqual(subjects);
    office.bus.send(logic.bus.self, "is it you?");
    await logic.recorder.until(() => logic.recorder.texts.length > 0);
    expect(office.recorder.texts).toEqual([]);
    expect(office.recorder.news).toEqual([`joined ${logic.bus.self.instance}`]);
  });

  it("keeps a service from reading messages to another", async () => {
    const client = await intruder(server, "agent");
    const subjects = [
      "peek.to.logic.>",
      "peek.to.>",
      ">",
      "peek.>",
      "_INBOX_logic.>",
      "peek.who.logic.*.*.*",
      "_INBOX.>",
    ];
    const refused = await refusedTo(client, () => {
      for (const subject of subjects) client.subscribe(subject, { callback: () => undefined });
    });
    expect(refused).toEqual(subjects);
  });

  it("does not help a service that uses an instance name of another service", async () => {
    await using logic = openNatsBus(server, "logic");
    await connected(logic.bus);
    await logic.bus.watch("agent");
    const client = await intruder(server, "agent");
    const record = JSON.stringify({
      version: "1",
      since: new Date().toISOString(),
      connectedSince: new Date().toISOString(),
      address: "",
      serves: [],
    });
    client.publish(`peek.to.logic.${logic.bus.self.instance}.1.agent.logic-abcdefghjk.1`, "I am logic");
    client.publish("peek.presence.agent.logic-abcdefghjk.1", record);
    client.publish(`peek.presence.agent.agent-abcdefghjk.1`, record);
    await logic.recorder.until(() => logic.recorder.changes.length > 0);
    expect(logic.recorder.news).toEqual(["joined agent-abcdefghjk"]);
    expect(logic.recorder.texts).toEqual([]);
    await client.close();
    // It sends nothing more.
    await logic.recorder.until(() => logic.recorder.changes.length === 2);
    expect(logic.recorder.news.at(-1)).toBe("left agent-abcdefghjk");
  });

  it("does not help a service whose record contains control characters", async () => {
    await using logic = openNatsBus(server, "logic");
    await connected(logic.bus);
    await logic.bus.watch("agent");
    const client = await intruder(server, "agent");
    const good = {
      version: "1",
      since: new Date().toISOString(),
      connectedSince: new Date().toISOString(),
      address: "",
    };
    const records = [
      { version: "1\u001B[2J", serves: [] },
      { address: "\u009B2J", serves: [] },
      { serves: ["peek_plugin_x.A\u001B[2J"] },
      { serves: ["peek_plugin_x.A"] },
    ];
    for (const record of records) {
      client.publish("peek.presence.agent.agent-abcdefghjk.1", JSON.stringify({ ...good, ...record }));
    }
    client.publish(`peek.to.logic.${logic.bus.self.instance}.1.agent.agent-abcdefghjk.1`, "That was all");
    await logic.recorder.until(() => logic.recorder.texts.length > 0 && logic.recorder.changes.length > 0);
    expect(logic.recorder.changes).toMatchObject([
      { kind: "joined", peer: { version: "1", serves: ["peek_plugin_x.A"] } },
    ]);
    await client.close();
  });

  it("serves a bus that forgets the least recently used peer when too many write to it", async () => {
    await using logic = openNatsBus(server, "logic", { heartbeatMs: 60_000 });
    await connected(logic.bus);
    const client = await intruder(server, "agent");
    client.subscribe("peek.to.agent.>", { callback: () => undefined });
    const self = `peek.to.logic.${logic.bus.self.instance}.1`;
    const letters = "abcdefghjk";
    const nameOf = (index: number): string =>
      `agent-${Array.from(String(index).padStart(10, "0"), (digit) => letters[Number(digit)]).join("")}`;
    const write = (index: number): void => client.publish(`${self}.agent.${nameOf(index)}.1`, "text");
    for (let index = 0; index < 10_000; index += 1) write(index);
    write(0);
    write(10_000);
    await logic.recorder.until(() => logic.recorder.texts.length === 10_002);
    expect(logic.recorder.gone).toEqual([nameOf(1)]);
    await client.close();
  });

  it("serves a bus that survives invalid messages of a peer", async () => {
    // A long heartbeat: the flood must not delay it past its limit on a busy machine.
    await using logic = openNatsBus(server, "logic", { heartbeatMs: 10_000 });
    await connected(logic.bus);
    await logic.bus.watch("agent");
    const client = await intruder(server, "agent");
    const self = `peek.to.logic.${logic.bus.self.instance}.1`;
    const good = `${self}.agent.agent-abcdefghjk.1`;
    const noise = [
      [0xff],
      [0xf9, 1, 2],
      [0xfa, 65],
      [0xfb],
      [0xfb, 255, 255, 255, 255, 65],
      [0xfb, 0, 0, 0, 1, 65, 66],
      [0xfb, 0, 0, 0, 9, 65],
      [0xfb, 0, 0, 0, 9, 65],
      [0xfc, 123],
      [0xc3],
      [0x61, 0xc3, 0x28],
    ];
    for (let n = 0; n < 50; n += 1) {
      for (const bytes of noise) client.publish(good, Uint8Array.from(bytes));
      client.publish("peek.presence.agent.agent-abcdefghjk.1", `{"__proto__":{"version":1},"n":${n}}`);
      client.publish("peek.presence.agent.agent-abcdefghjk.1", "[".repeat(50_000));
      client.publish("peek.presence.agent.*.1", "{}");
      client.publish("peek.presence.agent.agent-abcdefghjk.0", "{}");
      client.publish(`${self}.agent.nonsense.1`, "text");
      client.publish(`peek.who.logic.agent.nonsense.1`, "");
    }
    // The server may disconnect a client that reads the flood too slowly, and discards messages then.
    const repeat = setInterval(() => client.publish(good, "sense"), 250);
    await logic.recorder.until(() => logic.recorder.texts.length > 0).finally(() => clearInterval(repeat));
    expect(new Set(logic.recorder.texts.map(({ text }) => text))).toEqual(new Set(["sense"]));
    expect(logic.recorder.changes).toEqual([]);
    const warnings = logic.log.lines.filter((line) => !line.startsWith("info"));
    expect(warnings.length).toBeGreaterThan(3);
    expect(warnings.length).toBeLessThan(10);
    expect(warnings.filter((line) => line.startsWith("error"))).toEqual([]);
    await client.close();
  });
});

describe("a NATS server with wrong permissions", () => {
  const everything = (): string => `permissions: { publish: ">", subscribe: ">" }`;
  const listed = (subjects: readonly string[]): string => `[${subjects.map((subject) => `"${subject}"`).join(", ")}]`;

  it.each([
    ["has no accounts", "", "impersonate"],
    ["permits everything", lax(everything), "impersonate"],
    [
      "permits impersonating all services to one service",
      lax((service) => {
        const { publish, subscribe } = natsPermissions(service);
        return `permissions: { publish: ${listed([...publish, "peek.to.worker.>"])}, subscribe: ${listed(subscribe)} }`;
      }),
      "impersonate",
    ],
    [
      "permits reading all messages",
      lax((service) => {
        const { publish, subscribe } = natsPermissions(service);
        return `permissions: { publish: ${listed(publish)}, subscribe: ${listed([...subscribe, "peek.to.>"])} }`;
      }),
      "read messages to",
    ],
    [
      "permits impersonating others in presence queries",
      lax((service) => {
        const { publish, subscribe } = natsPermissions(service);
        return `permissions: { publish: ${listed([...publish, "peek.who.*.*.*.*"])}, subscribe: ${listed(subscribe)} }`;
      }),
      "impersonate",
    ],
    [
      "permits reporting a missing receiver to another",
      lax((service) => {
        const { publish, subscribe } = natsPermissions(service);
        return `permissions: { publish: ${listed([...publish, "_INBOX_logic.>"])}, subscribe: ${listed(subscribe)} }`;
      }),
      "impersonate",
    ],
    [
      "permits reading the reports of missing receivers to others",
      lax((service) => {
        const { publish, subscribe } = natsPermissions(service);
        return `permissions: { publish: ${listed(publish)}, subscribe: ${listed([...subscribe, "_INBOX_logic.>"])} }`;
      }),
      "read messages to",
    ],
    [
      "permits too little",
      lax((service) => {
        const { publish, subscribe } = natsPermissions(service);
        return `permissions: { publish: ${listed(publish)}, subscribe: ${listed(subscribe.slice(0, 3))} }`;
      }),
      "does not permit agent to subscribe to _INBOX_agent.",
    ],
  ])("is not used when it %s", async (_title, config, what) => {
    await using server = await NatsServer.start({ config });
    await using agent = openNatsBus(server, "agent");
    const error = await agent.fatal;
    expect(error).toMatchObject({ code: "NATS_UNUSABLE" });
    expect(error.message).toContain(what);
    expect(error.message).toContain("peek nats permissions");
    expect(agent.bus.state).toBe("closed");
    expect(agent.recorder.states).toEqual(["closed"]);
  });
});

describe("a NATS server that refuses a service", () => {
  it("is tried again; the log has the reason once, without the password", async () => {
    await using server = await NatsServer.start();
    await using agent = openNatsBus(server, "agent", { config: { password: "not-the-password" } });
    await agent.log.until(/refuses the user peek_agent/);
    expect(agent.bus.state).toBe("connecting");
    expect(agent.log.lines.join("\n")).not.toContain("not-the-password");
    expect(agent.log.lines).toHaveLength(1);
  });

  it("and a silent one are skipped in favour of the next server, and no socket to them stays open", async () => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => {
      sockets.add(socket.on("close", () => void sockets.delete(socket)).on("error", () => undefined));
      socket.resume();
    });
    mute.listen(0, "127.0.0.1");
    await once(mute, "listening");
    const address = mute.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    await using server = await NatsServer.start();
    const servers = [`nats://127.0.0.1:${port}`, server.url];
    // The first server is random.
    const agents = [0, 1, 2, 3, 4, 5].map(() => openNatsBus(server, "agent", { attemptMs: 200, config: { servers } }));
    for (const { bus } of agents) await connected(bus);
    for (const { bus } of agents) await bus[Symbol.asyncDispose]();
    const closed = once(mute, "close");
    mute.close();
    await closed;
    expect(sockets.size).toBe(0);
  });
});

describe("a NATS server with TLS", () => {
  it("is trusted by its certificate; otherwise, the log has the reason", async () => {
    const dir = temporaryFolder();
    const authority = new TestAuthority(dir);
    const { cert, key } = authority.issue({ name: "nats.example" });
    await writeFile(join(dir, "server.pem"), cert);
    await writeFile(join(dir, "server.key"), key);
    const tls = `tls { cert_file: "${join(dir, "server.pem")}", key_file: "${join(dir, "server.key")}" }`;
    await using server = await NatsServer.start({ config: `${natsAuthorization()}${tls}` });
    await using agent = openNatsBus(server, "agent", { config: { tls: { ca: authority.cert } } });
    await connected(agent.bus);
    await using distrustful = openNatsBus(server, "agent");
    await distrustful.log.until(/Waiting for NATS .*(self-signed|unable to verify|certificate)/);
    const plain = await NatsServer.start();
    await using demanding = openNatsBus(plain, "agent", { config: { servers: [plain.url.replace("nats:", "tls:")] } });
    await demanding.log.until(/does not support TLS/);
    await plain[Symbol.asyncDispose]();
  });
});

describe("settings of NATS", () => {
  it.each([
    [{ servers: [] }, "No NATS server is configured"],
    [{ servers: ["http://127.0.0.1:4222"] }, "is invalid. Write it as"],
    [{ servers: ["nats://me:secret@127.0.0.1"] }, "contains a user"],
    [{ servers: ["nats://one", "tls://other"] }, "Use the same scheme"],
    [{ servers: ["one"], token: "t", password: "p" }, "Set only one of"],
    [{ servers: ["one"], credentialsFile: "/nowhere/file" }, "Failed to read the credentials"],
  ])("that cannot be used are an error at once: %j", (config, message) => {
    const parse = (): unknown => parseNatsConfig(config, "agent");
    expect(parse).toThrow(expect.objectContaining({ code: "NATS_UNUSABLE" }));
    expect(parse).toThrow(message);
    expect(parse).not.toThrow("secret");
  });

  it("have defaults", () => {
    const settings = parseNatsConfig({ servers: ["one", "nats://[::1]:1234"], password: "p" }, "agent");
    expect(settings.servers.map(({ title }) => title)).toEqual(["one:4222", "[::1]:1234"]);
    expect(settings.login).toEqual({ user: "peek_agent", pass: "p" });
  });
});
