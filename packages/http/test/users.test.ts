import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ServiceHome, serviceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import { describe, expect, it } from "vitest";
import type { Logger, PeekUser } from "@peek/plugin-base";
import { temporaryFolder, TestLog, until } from "@peek/kit/testing";
import { type PasswordCheck, UserDirectory, UserStore } from "../src/users/index.ts";
import { hashOfSession, SessionStore } from "../src/users/SessionStore.ts";

const password = "correct horse";

function newHome(): ServiceHome {
  return serviceHome("logic", { PEEK_HOME: temporaryFolder() });
}

/** The administration and the lookup of the same users. */
class Users extends UserStore {
  readonly #directory: UserDirectory;

  constructor(home: ServiceHome, logger: Logger = new TestLog()) {
    super(home);
    this.#directory = new UserDirectory({ home, logger, cacheMs: 0 });
  }

  subject(name: string): ReturnType<UserDirectory["subject"]> {
    return this.#directory.subject(name);
  }

  verify(name: string, secret: string): Promise<PasswordCheck> {
    return this.#directory.verify(name, secret);
  }

  userOfGeneration(id: string, generation: string): PeekUser | undefined {
    return this.#directory.userOfGeneration(id, generation);
  }
}

async function storeWith(home: ServiceHome, ...names: readonly string[]): Promise<Users> {
  const store = new Users(home);
  for (const name of names) await store.add(name, password);
  return store;
}

function idOf(store: Users, name: string): string {
  return store.subject(name).id ?? "";
}

function code(expected: string): unknown {
  return expect.toSatisfy((error) => PeekError.is(error) && error.code === expected);
}

describe("users", () => {
  it("are verified by name, in any case, and password", async () => {
    const store = await storeWith(newHome());
    await store.add("Anna", password, ["admin", "ops", "admin"]);
    const user = { id: idOf(store, "anna"), name: "Anna", groups: ["admin", "ops"], anonymous: false };
    expect(await store.verify("anna", password)).toMatchObject({ ok: true, user });
    expect(await store.verify("Anna", "correct horsf")).toEqual({ ok: false, reason: "refused" });
    expect(await store.verify("Berta", password)).toEqual({ ok: false, reason: "refused" });
    expect(await store.verify("Anna", "x".repeat(100_000))).toEqual({ ok: false, reason: "refused" });
  });

  it("can type their password in composed or decomposed characters", async () => {
    const store = new Users(newHome());
    await store.add("anna", "Sch\u00f6ne Gr\u00fc\u00dfe");
    expect(await store.verify("anna", "Scho\u0308ne Gru\u0308\u00dfe")).toMatchObject({ ok: true });
    expect(await store.verify("anna", "sch\u00f6ne gr\u00fc\u00dfe")).toEqual({ ok: false, reason: "refused" });
  });

  it.each(["jos\u00e9", "jose\u0301", "\u0430nna", "\u212aarl", "\uff41nna"])(
    "cannot have a name with a character that looks like another, such as %j",
    async (name) => {
      await expect(new Users(newHome()).add(name, password)).rejects.toEqual(code("USER_INVALID"));
    },
  );

  it("have groups whose names are case-sensitive", async () => {
    const store = new Users(newHome());
    await store.add("anna", password, ["Admin"]);
    expect(await store.verify("anna", password)).toMatchObject({ ok: true, user: { groups: ["Admin"] } });
  });

  it("are stored privately, and without their passwords", async () => {
    const home = newHome();
    await storeWith(home, "anna");
    const file = join(home.usersDir, "users.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, "utf8");
    expect(text).not.toContain(password);
    expect(text).toMatch(/"\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it.each([
    ["", password, "USER_INVALID"],
    ["a b", password, "USER_INVALID"],
    ["x".repeat(101), password, "USER_INVALID"],
    ["device:1", password, "USER_INVALID"],
    ["anna", "seven 7", "USER_INVALID"],
    ["anna", "x".repeat(1001), "USER_INVALID"],
    ["ANNA", password, "USER_EXISTS"],
  ])("cannot be created as %s with %s", async (name, secret, expected) => {
    const store = await storeWith(newHome(), ...(expected === "USER_EXISTS" ? ["anna"] : []));
    await expect(store.add(name, secret)).rejects.toEqual(code(expected));
  });

  it("that another process has changed are noticed at once", async () => {
    const home = newHome();
    const store = await storeWith(home, "anna");
    const verdict = await store.verify("anna", password);
    const generation = verdict.ok ? verdict.generation : "";
    const isGood = (): boolean => store.userOfGeneration(idOf(store, "anna"), generation) !== undefined;
    expect(isGood()).toBe(true);
    const other = new Users(home);
    other.setEnabled("anna", false);
    await until("anna is disabled", () => !isGood());
    expect(await store.verify("anna", password)).toEqual({ ok: false, reason: "refused" });
    other.setEnabled("anna", true);
    await until("anna is enabled", async () => (await store.verify("anna", password)).ok);
    // Former sessions stay ended.
    expect(isGood()).toBe(false);
  });

  it("get new groups at once, and keep their sessions", async () => {
    const home = newHome();
    const store = await storeWith(home, "anna");
    const verdict = await store.verify("anna", password);
    const generation = verdict.ok ? verdict.generation : "";
    expect(store.setGroups("ANNA", ["ops", "ops", "admin"])).toEqual(["ops", "admin"]);
    expect(store.userOfGeneration(idOf(store, "anna"), generation)?.groups).toEqual(["ops", "admin"]);
    expect(() => store.setGroups("anna", ["a b"])).toThrow(code("USER_INVALID"));
    expect(() => store.setGroups("berta", [])).toThrow(code("USER_UNKNOWN"));
  });

  it.each([
    ["another password", (store: Users) => store.setPassword("anna", "battery staple")],
    ["removal", (store: Users) => Promise.resolve(store.remove("anna"))],
  ])("lose their sessions by %s", async (_how, change) => {
    const store = await storeWith(newHome(), "anna");
    const verdict = await store.verify("anna", password);
    const id = idOf(store, "anna");
    expect(store.userOfGeneration(id, verdict.ok ? verdict.generation : "")).toBeDefined();
    await change(store);
    expect(store.userOfGeneration(id, verdict.ok ? verdict.generation : "")).toBeUndefined();
    expect((await store.verify("anna", password)).ok).toBe(false);
  });

  it("with the name of a removed user are other users", async () => {
    const store = await storeWith(newHome(), "anna");
    const before = idOf(store, "anna");
    store.remove("anna");
    await store.add("anna", password);
    expect(idOf(store, "anna")).not.toBe(before);
    expect(idOf(store, "anna")).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  });

  it("keep their id with a new name, which has to be free", async () => {
    const store = await storeWith(newHome(), "anna", "berta");
    const before = idOf(store, "anna");
    store.rename("ANNA", "Anna.Smith");
    expect(store.subject("anna.smith").id).toBe(before);
    expect(store.subject("anna").id).toBeUndefined();
    store.rename("anna.smith", "anna.smith");
    expect(() => store.rename("anna.smith", "Berta")).toThrow(code("USER_EXISTS"));
    expect(() => store.rename("carl", "dora")).toThrow(code("USER_UNKNOWN"));
    expect(() => store.rename("berta", "a b")).toThrow(code("USER_INVALID"));
  });

  it("from before there were ids keep their data, which a later user of that name does not inherit", async () => {
    const home = newHome();
    const store = await storeWith(home, "Anna", "berta");
    const file = join(home.usersDir, "users.json");
    // The former format.
    const { users } = JSON.parse(readFileSync(file, "utf8")) as { users: Record<string, unknown>[] };
    writeFileSync(file, JSON.stringify({ users: users.map(({ id: _id, ...entry }) => entry) }));
    const after = new Users(home);
    expect(await after.verify("anna", password)).toMatchObject({ ok: true, user: { id: "Anna", name: "Anna" } });
    store.setGroups("berta", ["ops"]);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      version: 2,
      users: [{ id: "Anna" }, { id: "berta" }],
    });
    store.remove("anna");
    await store.add("Anna", password);
    expect(idOf(new Users(home), "anna")).toMatch(/^[\da-f-]{36}$/);
  });

  it("without an id in a file of the current format are an error", async () => {
    const home = newHome();
    const store = await storeWith(home, "anna");
    const file = join(home.usersDir, "users.json");
    const { users } = JSON.parse(readFileSync(file, "utf8")) as { users: Record<string, unknown>[] };
    writeFileSync(file, JSON.stringify({ version: 2, users: users.map(({ id: _id, ...entry }) => entry) }));
    expect(() => store.list()).toThrow(expect.objectContaining({ code: "USERS_UNUSABLE" }));
  });

  it("that do not exist cannot be changed", async () => {
    const store = await storeWith(newHome());
    await expect(store.setPassword("anna", password)).rejects.toEqual(code("USER_UNKNOWN"));
    expect(() => store.remove("anna")).toThrow(expect.objectContaining({ code: "USER_UNKNOWN" }));
    expect(() => store.setEnabled("anna", false)).toThrow(expect.objectContaining({ code: "USER_UNKNOWN" }));
  });

  it("are unknown while the file is damaged, which is logged once, and the file is left unchanged", async () => {
    const home = newHome();
    const log = new TestLog();
    await storeWith(home, "anna");
    const file = join(home.usersDir, "users.json");
    writeFileSync(file, '{ "users": [{}] }');
    const store = new Users(home, log);
    expect((await store.verify("anna", password)).ok).toBe(false);
    expect((await store.verify("anna", password)).ok).toBe(false);
    expect(log.lines).toEqual([expect.stringContaining("is damaged")]);
    await expect(store.add("berta", password)).rejects.toEqual(code("USERS_UNUSABLE"));
    expect(readFileSync(file, "utf8")).toBe('{ "users": [{}] }');
  });

  it("are verified two at a time, and refused as busy when too many wait", async () => {
    const store = await storeWith(newHome(), "anna");
    const verdicts = await Promise.all(Array.from({ length: 60 }, () => store.verify("anna", password)));
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(52);
    expect(verdicts.filter((each) => !each.ok && each.reason === "busy")).toHaveLength(8);
    expect((await store.verify("anna", password)).ok).toBe(true);
  });
});

describe("sessions", () => {
  const generation = "0f8fad5b-d9cb-469f-a165-70867728950e";
  const session = { user: "anna", generation, device: "device", audience: "field" } as const;

  it("outlast the process, and the file does not contain their ids", async () => {
    const home = newHome();
    const logger = new TestLog();
    const before = new SessionStore({ home, days: 30, logger });
    const id = await before.create(session);
    const file = join(home.usersDir, "sessions.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).not.toContain(id);
    // As after a kill: without disposal.
    await using after = new SessionStore({ home, days: 30, logger });
    expect(after.find(hashOfSession(id), "field")).toMatchObject(session);
    after.end(hashOfSession(id), "field");
    expect(after.find(hashOfSession(id), "field")).toBeUndefined();
    expect(logger.lines).toEqual([]);
  });

  it("end after a number of days without use", async () => {
    const home = newHome();
    const file = join(home.usersDir, "sessions.json");
    const logger = new TestLog();
    const dayMs = 86_400_000;
    const hashes = ["a", "b"].map((letter) => letter.repeat(43));
    const [old = "", young = ""] = hashes;
    const entry = { ...session, made: 0 };
    const sessions = [
      { ...entry, hash: old, used: Date.now() - 31 * dayMs },
      { ...entry, hash: young, used: Date.now() - 29 * dayMs },
    ];
    await new Users(home).add("anna", password);
    writeFileSync(file, JSON.stringify({ sessions }));
    {
      await using store = new SessionStore({ home, days: 30, logger });
      expect(store.find(old, "field")).toBeUndefined();
      expect(store.find(young, "field")).toBeDefined();
    }
    const kept = JSON.parse(readFileSync(file, "utf8")) as { sessions: { hash: string; used: number }[] };
    expect(kept.sessions).toEqual([expect.objectContaining({ hash: young })]);
    expect(Date.now() - (kept.sessions[0]?.used ?? 0)).toBeLessThan(dayMs);
  });

  it("of one site cannot be found or ended by another", async () => {
    await using store = new SessionStore({ home: newHome(), days: 30, logger: new TestLog() });
    const hash = hashOfSession(await store.create(session));
    expect(store.find(hash, "admin")).toBeUndefined();
    store.end(hash, "office");
    expect(store.find(hash, "field")).toBeDefined();
  });

  it("from before they belonged to a site have ended, which is logged", async () => {
    const home = newHome();
    const logger = new TestLog();
    await new Users(home).add("anna", password);
    const hash = "a".repeat(43);
    const { audience: _none, ...first } = session;
    const now = Date.now();
    const file = join(home.usersDir, "sessions.json");
    writeFileSync(file, JSON.stringify({ sessions: [{ ...first, hash, made: now, used: now }] }));
    await using store = new SessionStore({ home, days: 30, logger });
    for (const site of ["admin", "field", "office"] as const) expect(store.find(hash, site)).toBeUndefined();
    expect(logger.lines).toEqual([expect.stringContaining("1 sessions in")]);
  });

  it("of one user are limited: the least recently used one ends", async () => {
    const home = newHome();
    await using store = new SessionStore({ home, days: 30, logger: new TestLog() });
    const others = await store.create({ ...session, user: "berta" });
    const ids = await Promise.all(Array.from({ length: 101 }, () => store.create(session)));
    expect(ids.filter((id) => store.find(hashOfSession(id), "field") !== undefined)).toHaveLength(100);
    expect(store.find(hashOfSession(others), "field")).toBeDefined();
  });

  it("start empty when the file is damaged", async () => {
    const home = newHome();
    await new Users(home).add("anna", password);
    writeFileSync(join(home.usersDir, "sessions.json"), "{");
    const logger = new TestLog();
    await using store = new SessionStore({ home, days: 30, logger });
    expect(logger.lines).toEqual([expect.stringContaining("All users have to log in again")]);
    await store.create(session);
  });
});
