import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type LiveContracts, liveContracts, livePlugin } from "./src/livePlugin.ts";
import { type DatabaseClient, type LiveService, LiveServices } from "./src/LiveServices.ts";
import { peek } from "./src/peekCommand.ts";
import { proofIn, TokenThief } from "./src/TokenThief.ts";
import { addUser, logIn } from "./src/users.ts";

const password = "correct horse";
/** Where users log in. */
const withLogin = { httpServer: { field: { sitePort: 0 }, office: { sitePort: 0 } } };
const lapsed = [{ k: "lapsed" }];
const forbidden = expect.objectContaining({ code: "FORBIDDEN" });

// docs/administration/security.md says what each of them can do, and what it cannot.
describe("one who has stolen a service's token", () => {
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

  it("of field acts for nobody whom he makes up, and sees nothing of anybody", async () => {
    const user = { id: "root", name: "root", groups: ["admin"], anonymous: false };
    // What was believed before.
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

  it("of field cannot say that nobody needs a login there", async () => {
    const proof = "device:0f8fad5b-d9cb-469f-a165-70867728950e";
    expect(await ofField.run({ ...note("by nobody"), proof })).toMatchObject({ kind: "retry", code: "FORBIDDEN" });
    expect(await ofField.admit(proof, contracts.Entry.name)).toMatchObject([{ ok: false, code: "FORBIDDEN" }]);
    expect(await ofField.follow(contracts.Entry.name, { proof, guarded: false })).toEqual(lapsed);
    expect(await noted()).toEqual([]);
    await services.logic.waitFor(
      /field-\w+ has browsers without a login.*peek config set logic httpServer\.field\.anonymous true/,
    );
  });

  it("of field can act for a user whose session he has too, on field, as long as it lasts; and for no other", async () => {
    const cookies = await logIn(field.origin, "anna", password);
    const proof = proofIn(cookies);
    expect(await ofField.run({ ...note("for Anna"), proof, client: "anna's" })).toMatchObject({ kind: "done" });
    expect(await noted()).toEqual(["for Anna"]);
    const hers = await ofField.follow(contracts.Thing.name, { proof, scope: "anna" });
    expect(hers.at(-1)).toMatchObject({ k: "snapshot", rows: expect.stringContaining("hers") });
    expect(await ofField.follow(contracts.Thing.name, { proof, scope: "bert" })).toEqual(lapsed);
    // With another service's token it is worth nothing, to end it neither.
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

  it("of office gets nothing that is for field alone, though he has a session there", async () => {
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

  it("of field is bounded when he tries passwords, and what he says of addresses is told as what he says", async () => {
    const at = (address: string, secret: string) => ({ name: "carl", password: secret, address });
    await ofField.login(at("1.2.3.4\nCRITICAL forged", "wrong"));
    const said = `\\(as ${ofField.instance} says\\) was refused`;
    await services.logic.waitFor(new RegExp(`A login from an unknown address ${said}`));
    for (let index = 0; index < 10; index += 1) await ofField.login(at("127.0.0.1", `wrong ${index}`));
    await services.logic.waitFor(new RegExp(`A login from 127\\.0\\.0\\.1 ${said}`));
    // That it is logic's own machine is not for him to say.
    expect(await ofField.login({ ...at("127.0.0.1", password), isOwnMachine: true })).toMatchObject({ ok: false });
    // Carl himself comes from elsewhere, and by way of another site.
    expect(await ofOffice.login(at("192.0.2.7", password))).toMatchObject({ ok: true, user: { name: "carl" } });
  });

  it.each(["worker", "agent"] as const)(
    "of %s has nothing to do with users, nor with what they see and do",
    async (service) => {
      await using thief = await TokenThief.of(service, services);
      const proof = proofIn(await logIn(field.origin, "bert", password));
      await expect(thief.login({ name: "bert", password, address: "192.0.2.1" })).rejects.toEqual(forbidden);
      await expect(thief.validate(proof)).rejects.toEqual(forbidden);
      await expect(thief.run({ ...note("by a worker"), proof })).rejects.toEqual(forbidden);
      await expect(thief.admit(proof, contracts.Entry.name)).rejects.toEqual(forbidden);
      await expect(thief.follow(contracts.Entry.name, { proof, guarded: false })).rejects.toEqual(forbidden);
    },
  );

  it("of one service is no other, whatever he says", async () => {
    await using thief = await TokenThief.of("field", services, "agent");
    await services.logic.waitFor(/agent with token \w+ sent an invalid line: .*must be named after it/);
    expect((await peek(services.base, "status")).stdout).not.toContain(thief.instance);
  });

  it("of any service learns how the services are, and is seen with them", async () => {
    await using thief = await TokenThief.of("agent", services);
    expect(await thief.status()).toMatchObject({ service: "logic", plugins: expect.arrayContaining([]) });
    const { stdout } = await peek(services.base, "status");
    expect(stdout).toContain(thief.instance);
  });

  it("is cut off when the token is revoked", async () => {
    await using thief = await TokenThief.of("field", services);
    expect(await thief.validate("x".repeat(43))).toEqual([null]);
    const tokens: unknown = JSON.parse((await peek(services.base, "token", "list", "--json")).stdout);
    const id = (tokens as readonly { readonly id: string }[]).at(-1)?.id ?? "";
    expect((await peek(services.base, "token", "revoke", id)).code).toBe(0);
    await services.logic.waitFor(new RegExp(`${thief.instance} has token ${id}, which is no longer valid`));
  });
});

describe("a user who gets the name of one who was removed", () => {
  it("has nothing of what that one had: neither the session, nor the actions that were begun", async () => {
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
