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

/** A client with the credentials of a service, which does what that should not. */
async function intruder(server: NatsServer, service: ServiceName): Promise<NatsConnection & AsyncDisposable> {
  return await connect({ servers: server.url, user: natsUserOf(service), pass: natsPassword(service) });
}

/** The subjects that a client was refused, after all that it has asked for. */
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

/** A configuration in which each service has a user, and that may do what is given. */
function lax(permissionsOf: (service: ServiceName) => string): string {
  const users = serviceNames.map(
    (name) => `{ user: ${natsUserOf(name)}, password: "${natsPassword(name)}", ${permissionsOf(name)} }`,
  );
  return `authorization { users: [ ${users.join(", ")} ] }`;
}

describe("a NATS server with what peek nats permissions prints", () => {
  let server: NatsServer;

  beforeAll(async () => {
    server = await NatsServer.start({ config: natsAuthorization() });
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it("lets nobody speak as another", async () => {
    await using logic = openNatsBus(server, "logic");
    await using office = openNatsBus(server, "office");
    await connected(logic.bus);
    await connected(office.bus);
    await office.bus.watch("logic");
    await office.ear.until(() => office.bus.peers("logic").length === 1);
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
    await logic.ear.until(() => logic.ear.texts.length > 0);
    expect(office.ear.texts).toEqual([]);
    expect(office.ear.news).toEqual([`joined ${logic.bus.self.instance}`]);
  });

  it("lets nobody read what is for another", async () => {
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

  it("lets nobody under a name that says another service than its own", async () => {
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
    await logic.ear.until(() => logic.ear.changes.length > 0);
    expect(logic.ear.news).toEqual(["joined agent-abcdefghjk"]);
    expect(logic.ear.texts).toEqual([]);
    await client.close();
    // It says nothing more.
    await logic.ear.until(() => logic.ear.changes.length === 2);
    expect(logic.ear.news.at(-1)).toBe("left agent-abcdefghjk");
  });

  it("lets nobody in whose record would move the cursor of a terminal", async () => {
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
    await logic.ear.until(() => logic.ear.texts.length > 0 && logic.ear.changes.length > 0);
    expect(logic.ear.changes).toMatchObject([{ kind: "joined", peer: { version: "1", serves: ["peek_plugin_x.A"] } }]);
    await client.close();
  });

  it("forgets whoever it has heard of least lately, when too many write to it", { timeout: 30_000 }, async () => {
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
    await logic.ear.until(() => logic.ear.texts.length === 10_002);
    expect(logic.ear.gone).toEqual([nameOf(1)]);
    await client.close();
  });

  it("cannot be upset by what a peer sends", async () => {
    await using logic = openNatsBus(server, "logic");
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
    for (let n = 0; n < 200; n += 1) {
      for (const bytes of noise) client.publish(good, Uint8Array.from(bytes));
      client.publish("peek.presence.agent.agent-abcdefghjk.1", `{"__proto__":{"version":1},"n":${n}}`);
      client.publish("peek.presence.agent.agent-abcdefghjk.1", "[".repeat(50_000));
      client.publish("peek.presence.agent.*.1", "{}");
      client.publish("peek.presence.agent.agent-abcdefghjk.0", "{}");
      client.publish(`${self}.agent.nonsense.1`, "text");
      client.publish(`peek.who.logic.agent.nonsense.1`, "");
    }
    client.publish(good, "sense");
    await logic.ear.until(() => logic.ear.texts.length > 0);
    expect(logic.ear.texts.map(({ text }) => text)).toEqual(["sense"]);
    expect(logic.ear.changes).toEqual([]);
    const warnings = logic.log.lines.filter((line) => !line.startsWith("info"));
    expect(warnings.length).toBeGreaterThan(3);
    expect(warnings.length).toBeLessThan(10);
    expect(warnings.filter((line) => line.startsWith("error"))).toEqual([]);
    await client.close();
  });
});

describe("a NATS server that does not keep services apart", () => {
  const everything = (): string => `permissions: { publish: ">", subscribe: ">" }`;
  const listed = (subjects: readonly string[]): string => `[${subjects.map((subject) => `"${subject}"`).join(", ")}]`;

  it.each([
    ["has no accounts", "", "impersonate"],
    ["allows all", lax(everything), "impersonate"],
    [
      "lets all speak as anybody to one service",
      lax((service) => {
        const { publish, subscribe } = natsPermissions(service);
        return `permissions: { publish: ${listed([...publish, "peek.to.worker.>"])}, subscribe: ${listed(subscribe)} }`;
      }),
      "impersonate",
    ],
    [
      "lets all read",
      lax((service) => {
        const { publish, subscribe } = natsPermissions(service);
        return `permissions: { publish: ${listed(publish)}, subscribe: ${listed([...subscribe, "peek.to.>"])} }`;
      }),
      "read messages to",
    ],
    [
      "lets all ask as anybody who is there",
      lax((service) => {
        const { publish, subscribe } = natsPermissions(service);
        return `permissions: { publish: ${listed([...publish, "peek.who.*.*.*.*"])}, subscribe: ${listed(subscribe)} }`;
      }),
      "impersonate",
    ],
    [
      "lets all tell another that there is nobody",
      lax((service) => {
        const { publish, subscribe } = natsPermissions(service);
        return `permissions: { publish: ${listed([...publish, "_INBOX_logic.>"])}, subscribe: ${listed(subscribe)} }`;
      }),
      "impersonate",
    ],
    [
      "lets all read what others are told of nobody",
      lax((service) => {
        const { publish, subscribe } = natsPermissions(service);
        return `permissions: { publish: ${listed(publish)}, subscribe: ${listed([...subscribe, "_INBOX_logic.>"])} }`;
      }),
      "read messages to",
    ],
    [
      "allows too little",
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
    expect(agent.ear.states).toEqual(["closed"]);
  });
});

describe("a NATS server that refuses a service", () => {
  it("is asked again, and the log says once why, without the password", async () => {
    await using server = await NatsServer.start();
    await using agent = openNatsBus(server, "agent", { config: { password: "not-the-password" } });
    await agent.log.until(/refuses the user peek_agent/);
    expect(agent.bus.state).toBe("connecting");
    expect(agent.log.lines.join("\n")).not.toContain("not-the-password");
    expect(agent.log.lines).toHaveLength(1);
  });

  it("and one that says nothing, are left for the next, and no connection to them stays open", async () => {
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
    // They begin with either.
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
  it("is trusted by its certificate, and the log says why when it is not", { timeout: 20_000 }, async () => {
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
