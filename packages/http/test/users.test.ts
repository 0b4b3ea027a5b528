import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ServiceHome, serviceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import { describe, expect, it } from "vitest";
import { UserStore } from "../src/users/index.ts";
import { hashOfSession, SessionStore } from "../src/users/SessionStore.ts";
import { TestLog } from "./TestLog.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { until } from "./until.ts";

const password = "correct horse";

function newHome(): ServiceHome {
  return serviceHome("logic", { PEEK_HOME: temporaryFolder() });
}

async function storeWith(home: ServiceHome, ...names: readonly string[]): Promise<UserStore> {
  const store = new UserStore(home);
  for (const name of names) await store.add(name, password);
  return store;
}

function code(expected: string): unknown {
  return expect.toSatisfy((error) => PeekError.is(error) && error.code === expected);
}

describe("users", () => {
  it("are known by name and password, whatever the case of the name", async () => {
    const store = await storeWith(newHome());
    await store.add("Anna", password, ["admin", "ops", "admin"]);
    const user = { id: "Anna", name: "Anna", groups: ["admin", "ops"], anonymous: false };
    expect(await store.verify("anna", password)).toMatchObject({ ok: true, user });
    expect(await store.verify("Anna", "correct horsf")).toEqual({ ok: false, reason: "refused" });
    expect(await store.verify("Berta", password)).toEqual({ ok: false, reason: "refused" });
    expect(await store.verify("Anna", "x".repeat(100_000))).toEqual({ ok: false, reason: "refused" });
  });

  it("are kept so that nobody else can read them, and no password can be had from them", async () => {
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
  ])("cannot be made as %s with %s", async (name, secret, expected) => {
    const store = await storeWith(newHome(), ...(expected === "USER_EXISTS" ? ["anna"] : []));
    await expect(store.add(name, secret)).rejects.toEqual(code(expected));
  });

  it("are asked for by one process and changed by another, which is seen at once", async () => {
    const home = newHome();
    const store = await storeWith(home, "anna");
    const verdict = await store.verify("anna", password);
    const generation = verdict.ok ? verdict.generation : "";
    const isGood = (): boolean => store.userOfGeneration("anna", generation) !== undefined;
    expect(isGood()).toBe(true);
    const other = new UserStore(home);
    other.setEnabled("anna", false);
    await until("anna is disabled", () => !isGood());
    expect(await store.verify("anna", password)).toEqual({ ok: false, reason: "refused" });
    other.setEnabled("anna", true);
    await until("anna is enabled", async () => (await store.verify("anna", password)).ok);
    // The sessions from before stay ended.
    expect(isGood()).toBe(false);
  });

  it("have other groups at once, and the same sessions", async () => {
    const home = newHome();
    const store = await storeWith(home, "anna");
    const verdict = await store.verify("anna", password);
    const generation = verdict.ok ? verdict.generation : "";
    expect(store.setGroups("ANNA", ["ops", "ops", "admin"])).toEqual(["ops", "admin"]);
    expect(store.userOfGeneration("anna", generation)?.groups).toEqual(["ops", "admin"]);
    expect(() => store.setGroups("anna", ["a b"])).toThrow(code("USER_INVALID"));
    expect(() => store.setGroups("berta", [])).toThrow(code("USER_UNKNOWN"));
  });

  it.each([
    ["another password", (store: UserStore) => store.setPassword("anna", "battery staple")],
    ["removal", (store: UserStore) => Promise.resolve(store.remove("anna"))],
  ])("lose their sessions by %s", async (_how, change) => {
    const store = await storeWith(newHome(), "anna");
    const verdict = await store.verify("anna", password);
    await change(store);
    expect(store.userOfGeneration("anna", verdict.ok ? verdict.generation : "")).toBeUndefined();
    expect((await store.verify("anna", password)).ok).toBe(false);
  });

  it("that there are not cannot be changed", async () => {
    const store = await storeWith(newHome());
    await expect(store.setPassword("anna", password)).rejects.toEqual(code("USER_UNKNOWN"));
    expect(() => store.remove("anna")).toThrow(expect.objectContaining({ code: "USER_UNKNOWN" }));
    expect(() => store.setEnabled("anna", false)).toThrow(expect.objectContaining({ code: "USER_UNKNOWN" }));
  });

  it("are nobody while the file is damaged, which is said once and left as it is", async () => {
    const home = newHome();
    const log = new TestLog();
    await storeWith(home, "anna");
    const file = join(home.usersDir, "users.json");
    writeFileSync(file, '{ "users": [{}] }');
    const store = new UserStore(home, log);
    expect((await store.verify("anna", password)).ok).toBe(false);
    expect((await store.verify("anna", password)).ok).toBe(false);
    expect(log.lines).toEqual([expect.stringContaining("is damaged")]);
    await expect(store.add("berta", password)).rejects.toEqual(code("USERS_UNUSABLE"));
    expect(readFileSync(file, "utf8")).toBe('{ "users": [{}] }');
  });

  it("are checked two at a time, and too many are sent away", async () => {
    const store = await storeWith(newHome(), "anna");
    const verdicts = await Promise.all(Array.from({ length: 60 }, () => store.verify("anna", password)));
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(52);
    expect(verdicts.filter((each) => !each.ok && each.reason === "busy")).toHaveLength(8);
    expect((await store.verify("anna", password)).ok).toBe(true);
  });
});

describe("sessions", () => {
  const generation = "0f8fad5b-d9cb-469f-a165-70867728950e";

  it("outlast the process, and their ids are not in the file", async () => {
    const home = newHome();
    const logger = new TestLog();
    const before = new SessionStore({ home, days: 30, logger });
    const id = await before.create("anna", generation, "device");
    const file = join(home.usersDir, "sessions.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).not.toContain(id);
    // As after a kill: nothing is written at the end.
    await using after = new SessionStore({ home, days: 30, logger });
    expect(after.find(hashOfSession(id))).toMatchObject({ user: "anna", generation, device: "device" });
    after.end(hashOfSession(id));
    expect(after.find(hashOfSession(id))).toBeUndefined();
    expect(logger.lines).toEqual([]);
  });

  it("end after so many days without use, and not before with it", async () => {
    const home = newHome();
    const file = join(home.usersDir, "sessions.json");
    const logger = new TestLog();
    const dayMs = 86_400_000;
    const hashes = ["a", "b"].map((letter) => letter.repeat(43));
    const [old = "", young = ""] = hashes;
    const entry = { user: "anna", generation, device: "device", made: 0 };
    const sessions = [
      { ...entry, hash: old, used: Date.now() - 31 * dayMs },
      { ...entry, hash: young, used: Date.now() - 29 * dayMs },
    ];
    await new UserStore(home).add("anna", password);
    writeFileSync(file, JSON.stringify({ sessions }));
    {
      await using store = new SessionStore({ home, days: 30, logger });
      expect(store.find(old)).toBeUndefined();
      expect(store.find(young)).toBeDefined();
    }
    const kept = JSON.parse(readFileSync(file, "utf8")) as { sessions: { hash: string; used: number }[] };
    expect(kept.sessions).toEqual([expect.objectContaining({ hash: young })]);
    expect(Date.now() - (kept.sessions[0]?.used ?? 0)).toBeLessThan(dayMs);
  });

  it("of one user are bounded: the one that was used least recently goes", async () => {
    const home = newHome();
    await using store = new SessionStore({ home, days: 30, logger: new TestLog() });
    const others = await store.create("berta", generation, "device");
    const ids = await Promise.all(Array.from({ length: 101 }, () => store.create("anna", generation, "device")));
    expect(ids.filter((id) => store.find(hashOfSession(id)) !== undefined)).toHaveLength(100);
    expect(store.find(hashOfSession(others))).toBeDefined();
  });

  it("are begun anew where the file is damaged", async () => {
    const home = newHome();
    await new UserStore(home).add("anna", password);
    writeFileSync(join(home.usersDir, "sessions.json"), "{");
    const logger = new TestLog();
    await using store = new SessionStore({ home, days: 30, logger });
    expect(logger.lines).toEqual([expect.stringContaining("Everybody has to log in again")]);
    await store.create("anna", generation, "device");
  });
});
