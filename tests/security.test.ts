import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type LiveContracts, liveContracts, livePlugin } from "./src/livePlugin.ts";
import { type DatabaseClient, type LiveService, LiveServices } from "./src/LiveServices.ts";
import { peek } from "./src/peekCommand.ts";
import { proofIn, TokenThief } from "./src/TokenThief.ts";
import { addUser, logIn } from "./src/users.ts";

const password = "correct horse";
/** The path of the login. */
const withLogin = { httpServer: { field: { sitePort: 0 }, office: { sitePort: 0 } } };
const lapsed = [{ k: "lapsed" }];
const forbidden = expect.objectContaining({ code: "FORBIDDEN" });

// docs/administration/security.md lists what each thief can and cannot do.
describe("a thief with a token", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;
  let field: LiveService;
  let office: LiveService;
  let contracts: LiveContracts;
  let database: DatabaseClient;
  let ofField: TokenThief;
  let ofOffice: TokenThief;

  beforeAll(async () => {
    services = owned.use(await LiveServices.start({ plugins: [livePlugin()], logic: withLogin }));
    field = await services.startBeside("field", withLogin);
    office = await services.startBeside("office", withLogin);
    contracts = await liveContracts(field);
    database = owned.use(await services.database());
    for (const name of ["anna", "bert", "carl"]) await addUser(services.base, name, password);
    await database.query("INSERT INTO pl_live.member VALUES ('anna'), ('bert'), ('made up')");
    await database.query("INSERT INTO pl_live.thing VALUES (1, 'anna', 'hers'), (2, 'bert', 'his')");
    ofField = owned.use(await TokenThief.of("field", services));
    ofOffice = owned.use(await TokenThief.of("office", services));
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  const noted = async (): Promise<readonly string[]> =>
    (await database.query("SELECT text FROM pl_live.note ORDER BY n")).map(({ text }) => String(text));
  const note = (text: string): object => ({ type: contracts.Note.name, body: JSON.stringify({ text }) });

  it("for field cannot act for an invented user, and sees no data of any user", async () => {
    const user = { id: "root", name: "root", groups: ["admin"], anonymous: false };
    // Claims that earlier versions trusted.
    await expect(ofField.run({ ...note("made up"), user, device: "d" })).rejects.toMatchObject({
      code: "DATA_INVALID",
    });
    for (const proof of ["root", "anna", "x".repeat(43)]) {
      const refused = { kind: "retry", code: "SESSION_ENDED" };
      expect(await ofField.run({ ...note("made up"), user, proof })).toMatchObject(refused);
      expect(await ofField.admit(proof, contracts.Thing.name)).toMatchObject([{ ok: false, code: "SESSION_ENDED" }]);
      expect(await ofField.follow(contracts.Thing.name, { proof, scope: "anna" })).toEqual(lapsed);
      expect(await ofField.follow(contracts.Entry.name, { proof, guarded: false })).toEqual(lapsed);
      expect(await ofField.validate(proof)).toEqual([null]);
    }
    expect(await noted()).toEqual([]);
  });

  it("for field cannot claim that no login is needed there", async () => {
    const proof = "device:0f8fad5b-d9cb-469f-a165-70867728950e";
    expect(await ofField.run({ ...note("by nobody"), proof })).toMatchObject({ kind: "retry", code: "FORBIDDEN" });
    expect(await ofField.admit(proof, contracts.Entry.name)).toMatchObject([{ ok: false, code: "FORBIDDEN" }]);
    expect(await ofField.follow(contracts.Entry.name, { proof, guarded: false })).toEqual(lapsed);
    expect(await noted()).toEqual([]);
    await services.logic.waitFor(
      /field-\w+ has browsers without a login.*peek config set logic httpServer\.field\.anonymous true/,
    );
  });

  it("for field can act with a stolen session on field while it lasts, and for no other user", async () => {
    const cookies = await logIn(field.origin, "anna", password);
    const proof = proofIn(cookies);
    expect(await ofField.run({ ...note("for Anna"), proof, client: "anna's" })).toMatchObject({ kind: "done" });
    expect(await noted()).toEqual(["for Anna"]);
    const hers = await ofField.follow(contracts.Thing.name, { proof, scope: "anna" });
    expect(hers.at(-1)).toMatchObject({ k: "snapshot", rows: expect.stringContaining("hers") });
    expect(await ofField.follow(contracts.Thing.name, { proof, scope: "bert" })).toEqual(lapsed);
    // With another service's token the session is useless, and cannot be ended.
    expect(await ofOffice.run({ ...note("for Anna, by office"), proof })).toMatchObject({ code: "SESSION_ENDED" });
    expect(await ofOffice.validate(proof)).toEqual([null]);
    await ofOffice.logout(proof);
    expect(await ofField.validate(proof)).toMatchObject([{ user: { name: "anna" } }]);
    expect((await fetch(`${field.origin}/peek/session`, { headers: { cookie: cookies } })).status).toBe(200);

    const updates = ofField.updates(contracts.Thing.name, { proof, scope: "anna" })[Symbol.asyncIterator]();
    expect((await updates.next()).value).toMatchObject({ k: "open" });
    expect((await updates.next()).value).toMatchObject({ k: "snapshot" });
    const headers = { cookie: cookies, origin: field.origin };
    expect((await fetch(`${field.origin}/peek/logout`, { method: "POST", headers })).status).toBe(204);
    expect((await updates.next()).value).toEqual({ k: "lapsed" });
    expect((await updates.next()).done).toBe(true);
    expect(await ofField.run({ ...note("too late"), proof })).toMatchObject({ code: "SESSION_ENDED" });
    expect(await noted()).toEqual(["for Anna"]);
  });

  it("for office gets no data of contracts for field, even with a session there", async () => {
    const proof = proofIn(await logIn(office.origin, "bert", password));
    expect(await ofOffice.validate(proof)).toMatchObject([{ user: { name: "bert" } }]);
    expect(await ofOffice.admit(proof, contracts.Entry.name)).toMatchObject([
      { ok: false, code: "OBSERVABLE_UNKNOWN" },
    ]);
    const unknown = expect.objectContaining({ code: "OBSERVABLE_UNKNOWN" });
    await expect(ofOffice.follow(contracts.Entry.name, { proof, guarded: false })).rejects.toEqual(unknown);
    expect(await ofOffice.run({ ...note("by office"), proof })).toMatchObject({ code: "ACTION_UNKNOWN" });
    expect(await noted()).not.toContain("by office");
  });

  it("for field is limited when he tries passwords, and the log marks the addresses as reported by field", async () => {
    const at = (address: string, secret: string) => ({ name: "carl", password: secret, address });
    await ofField.login(at("1.2.3.4\nCRITICAL forged", "wrong"));
    const said = `\\(reported by ${ofField.instance}\\) was refused`;
    await services.logic.waitFor(new RegExp(`A login from an unknown address ${said}`));
    for (let index = 0; index < 10; index += 1) await ofField.login(at("127.0.0.1", `wrong ${index}`));
    await services.logic.waitFor(new RegExp(`A login from 127\\.0\\.0\\.1 ${said}`));
    // He cannot claim to be on logic's own machine.
    expect(await ofField.login({ ...at("127.0.0.1", password), isOwnMachine: true })).toMatchObject({ ok: false });
    // Carl himself logs in from another address, and on another site.
    expect(await ofOffice.login(at("192.0.2.7", password))).toMatchObject({ ok: true, user: { name: "carl" } });
  });

  it.each(["worker", "agent"] as const)("for %s cannot ask for users, live data or actions", async (service) => {
    await using thief = await TokenThief.of(service, services);
    const proof = proofIn(await logIn(field.origin, "bert", password));
    await expect(thief.login({ name: "bert", password, address: "192.0.2.1" })).rejects.toEqual(forbidden);
    await expect(thief.validate(proof)).rejects.toEqual(forbidden);
    await expect(thief.run({ ...note("by a worker"), proof })).rejects.toEqual(forbidden);
    await expect(thief.admit(proof, contracts.Entry.name)).rejects.toEqual(forbidden);
    await expect(thief.follow(contracts.Entry.name, { proof, guarded: false })).rejects.toEqual(forbidden);
  });

  it("for one service cannot connect as another", async () => {
    await using thief = await TokenThief.of("field", services, "agent");
    await services.logic.waitFor(/agent with token \w+ sent an invalid line: .*must be named after it/);
    expect((await peek(services.base, "status")).stdout).not.toContain(thief.instance);
  });

  it("for any service sees the state of the services, and appears among them", async () => {
    await using thief = await TokenThief.of("agent", services);
    expect(await thief.status()).toMatchObject({ service: "logic", plugins: expect.arrayContaining([]) });
    const { stdout } = await peek(services.base, "status");
    expect(stdout).toContain(thief.instance);
  });

  it("is disconnected when the token is revoked", async () => {
    await using thief = await TokenThief.of("field", services);
    expect(await thief.validate("x".repeat(43))).toEqual([null]);
    const tokens: unknown = JSON.parse((await peek(services.base, "token", "list", "--json")).stdout);
    const id = (tokens as readonly { readonly id: string }[]).at(-1)?.id ?? "";
    expect((await peek(services.base, "token", "revoke", id)).code).toBe(0);
    await services.logic.waitFor(new RegExp(`${thief.instance} has token ${id}, which is no longer valid`));
  });
});

describe("a new user with the name of a removed one", () => {
  it("has neither the session nor the pending actions of the removed user", async () => {
    await using services = await LiveServices.start({ plugins: [livePlugin()], logic: withLogin });
    const field = await services.startBeside("field", withLogin);
    const { Note } = await liveContracts(field);
    await using thief = await TokenThief.of("field", services);
    await addUser(services.base, "anna", password);
    const before = await logIn(field.origin, "anna", password);
    const act = { type: Note.name, body: JSON.stringify({ text: "hers" }), client: "a device" };
    expect(await thief.run({ ...act, proof: proofIn(before) })).toMatchObject({ kind: "done" });
    expect((await peek(services.base, "user", "remove", "anna")).code).toBe(0);
    await addUser(services.base, "anna", password);
    await vi.waitFor(async () => expect(await thief.validate(proofIn(before))).toEqual([null]));
    const after = await logIn(field.origin, "anna", password);
    const idOf = async (cookie: string): Promise<unknown> =>
      await (await fetch(`${field.origin}/peek/session`, { headers: { cookie } })).json();
    expect(await idOf(after)).toMatchObject({ user: { name: "anna", id: expect.stringMatching(/^[\da-f-]{36}$/) } });
    const next = { ...act, sequence: 2, after: 1, proof: proofIn(after) };
    expect(await thief.run(next)).toMatchObject({ kind: "rejected", code: "FORBIDDEN" });
  });
});
