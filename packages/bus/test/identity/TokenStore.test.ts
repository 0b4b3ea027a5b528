import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createServiceHome, type ServiceHome, serviceHome } from "@peek/config";
import type { PeekError } from "@peek/errors";
import { parseToken, tokensFile, TokenStore } from "@peek/bus/identity";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { caught } from "./caught.ts";
import { temporaryFolder } from "@peek/kit/testing";
import { runTokenProcess, startTokenProcess } from "./TokenProcess.ts";

function newHome(): ServiceHome {
  return serviceHome("logic", { PEEK_HOME: temporaryFolder() });
}

function open(home: ServiceHome): TokenStore {
  const store = new TokenStore(home);
  onTestFinished(() => store[Symbol.dispose]());
  return store;
}

/** The recorded notifications of a store. */
class RecordedNotifications {
  readonly all: (PeekError | undefined)[] = [];
  #waiting: (() => void) | undefined;

  constructor(store: TokenStore) {
    store.onChange((trouble) => {
      this.all.push(trouble);
      this.#waiting?.();
    });
  }

  async count(count: number): Promise<void> {
    while (this.all.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting = resolve;
      await promise;
    }
  }
}

/** Fakes the interval of polling. */
function withoutPolling(): void {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
}

/** Waits until pending microtasks and file events have run. */
const later = (): Promise<void> => Promise.resolve();

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("a token store", () => {
  it("makes tokens, and stores nothing that would allow their use", () => {
    const home = newHome();
    const store = open(home);
    const text = store.create("agent", { label: "plant 7", expires: new Date("2999-01-31T12:00:00Z") });
    const { id, secret } = parseToken(text);
    const content = readFileSync(tokensFile(home).path, "utf8");
    expect(JSON.parse(content)).toEqual({
      tokens: [
        {
          id,
          service: "agent",
          label: "plant 7",
          hash: createHash("sha256").update(secret).digest("hex"),
          made: expect.stringMatching(/^\d{4}-.*Z$/),
          expires: "2999-01-31T12:00:00.000Z",
        },
      ],
    });
    expect(content).not.toContain(secret);
    expect(store.list()).toEqual([
      {
        id,
        service: "agent",
        label: "plant 7",
        made: expect.any(String),
        expires: "2999-01-31T12:00:00.000Z",
        state: "valid",
      },
    ]);
  });

  it("stores its file for its owner alone, and leaves no other file", () => {
    const home = newHome();
    open(home).create("field");
    expect([mode(home.dir), mode(home.tokensDir), mode(tokensFile(home).path)]).toEqual(["700", "700", "600"]);
    expect(readdirSync(home.tokensDir)).toEqual(["tokens.json"]);
  });

  it("creates nothing when it is only read", () => {
    const home = newHome();
    const store = open(home);
    expect(store.list()).toEqual([]);
    expect(store.verify("x")).toEqual({ ok: false, reason: "malformed" });
    expect(caught(() => store.revoke("k3v4x2m7")).code).toBe("TOKEN_UNKNOWN");
    expect(() => statSync(home.dir)).toThrow("ENOENT");
  });

  it.each(["line\nbreak", "\u001B[2J", "x".repeat(101)])("refuses the label %j", (label) => {
    expect(caught(() => open(newHome()).create("agent", { label }))).toMatchObject({ code: "USAGE", exitCode: 64 });
  });

  it("identifies the service of a token", () => {
    const store = open(newHome());
    const agent = store.create("agent");
    const logic = store.create("logic");
    expect(store.verify(agent)).toEqual({ ok: true, service: "agent", id: parseToken(agent).id });
    expect(store.verify(logic)).toEqual({ ok: true, service: "logic", id: parseToken(logic).id });
    expect(store.isValid(parseToken(agent).id)).toBe(true);
    expect(store.isValid("aaaaaaaa")).toBe(false);
  });

  it("refuses a token with a known id and the secret or service of another", () => {
    const store = open(newHome());
    const { id, secret } = parseToken(store.create("agent"));
    const other = parseToken(store.create("agent"));
    expect(store.verify(`peek_agent_${id}_${other.secret}`)).toEqual({ ok: false, reason: "unknown", id });
    expect(store.verify(`peek_logic_${id}_${secret}`)).toEqual({ ok: false, reason: "unknown", id });
    expect(store.verify(`peek_agent_aaaaaaaa_${secret}`)).toEqual({ ok: false, reason: "unknown", id: "aaaaaaaa" });
  });

  it("refuses a revoked token, and can revoke it again", () => {
    const store = open(newHome());
    const text = store.create("agent", { label: "lost laptop" });
    const { id } = parseToken(text);
    const first = store.revoke(id);
    expect(first).toMatchObject({ id, service: "agent", label: "lost laptop", state: "revoked" });
    expect(store.verify(text)).toEqual({ ok: false, reason: "revoked", id });
    expect(store.isValid(id)).toBe(false);
    expect(store.revoke(id)).toEqual(first);
  });

  it("reveals the revocation only to the holder of the secret", () => {
    const store = open(newHome());
    const { id } = parseToken(store.create("agent"));
    const { secret } = parseToken(store.create("agent"));
    store.revoke(id);
    expect(store.verify(`peek_agent_${id}_${secret}`)).toMatchObject({ reason: "unknown" });
  });

  it("refuses an expired token", () => {
    const store = open(newHome());
    store.create("agent", { expires: new Date("2999-03-01T00:00:00Z") });
    const old = store.create("agent", { expires: new Date("2020-01-01T00:00:00Z") });
    store.create("agent");
    expect(store.verify(old)).toEqual({ ok: false, reason: "expired", id: parseToken(old).id });
    expect(store.isValid(parseToken(old).id)).toBe(false);
    expect(store.list().map(({ state }) => state)).toEqual(["valid", "expired", "valid"]);
  });

  it.each(["k3v4x2m7", "peek_agent_k3v4x2m7_geheim"])("does not know %s, and shows no secret", (id) => {
    const store = open(newHome());
    store.create("agent");
    const error = caught(() => store.revoke(id));
    expect(error).toMatchObject({ code: "TOKEN_UNKNOWN", exitCode: 78 });
    expect(error.message).not.toContain("geheim");
    expect(error.message).toContain("peek token list");
  });

  it("reads no file for a known token", () => {
    const home = newHome();
    const store = open(home);
    const text = store.create("agent");
    expect(store.verify(text).ok).toBe(true);
    rmSync(tokensFile(home).path);
    expect(store.verify(text).ok).toBe(true);
  });

  it("refuses all tokens once its file is removed", async () => {
    const home = newHome();
    const store = open(home);
    const text = store.create("agent");
    const notified = new RecordedNotifications(store);
    rmSync(tokensFile(home).path);
    await notified.count(1);
    expect(store.verify(text)).toMatchObject({ ok: false, reason: "unknown" });
  });

  it("accepts at once a token that another store made", () => {
    const home = newHome();
    const store = open(home);
    expect(store.verify(open(home).create("agent"))).toMatchObject({ ok: true });
    expect(store.verify(open(home).create("field"))).toMatchObject({ ok: true, service: "field" });
  });

  it("refuses to make a token that would make its file too large, and keeps the others", () => {
    const home = newHome();
    const store = open(home);
    const text = store.create("agent");
    const [entry] = (JSON.parse(readFileSync(tokensFile(home).path, "utf8")) as { tokens: object[] }).tokens;
    const id = (index: number): string =>
      "aaa".concat(...[12, 9, 6, 3, 0].map((shift) => "abcdefgh"[(index >> shift) & 7] ?? ""));
    const other = (index: number): object => ({ ...entry, id: id(index), label: "x".repeat(100) });
    const count = Math.floor((1024 * 1024 - 1000) / (JSON.stringify(other(0)).length + 1));
    const content = JSON.stringify({ tokens: [entry, ...Array.from({ length: count }, (_, index) => other(index))] });
    writeFileSync(tokensFile(home).path, content);
    expect(content.length).toBeLessThan(1024 * 1024);
    expect(caught(() => store.create("agent")).message).toContain("it would be larger than 1048576 bytes");
    expect(readFileSync(tokensFile(home).path, "utf8")).toBe(content);
    expect(open(home).verify(text).ok).toBe(true);
  });
});

describe("changes by other processes", () => {
  it("take effect at once, such as a revocation", async () => {
    withoutPolling();
    const home = newHome();
    const store = open(home);
    const text = store.create("agent");
    const { id } = parseToken(text);
    const notified = new RecordedNotifications(store);
    expect(store.verify(text).ok).toBe(true);
    expect(await runTokenProcess([dirname(home.dir), "revoke", id])).toBe("revoked");
    await notified.count(1);
    expect(notified.all).toEqual([undefined]);
    expect(store.verify(text)).toEqual({ ok: false, reason: "revoked", id });
  });

  it("are not lost when they are concurrent", async () => {
    const home = newHome();
    const store = open(home);
    const base = dirname(home.dir);
    const others = new AbortController();
    const made = Promise.all(["40", "40"].map((count) => runTokenProcess([base, "create", count]))).finally(() =>
      others.abort(),
    );
    const revoked: string[] = [];
    while (!others.signal.aborted) {
      const { id } = parseToken(store.create("agent"));
      store.revoke(id);
      revoked.push(id);
      // Pauses at times, so that the file does not grow too large while the other processes start.
      await setTimeout(store.list().length > revoked.length ? 0 : 20);
    }
    const ids = (await made).flatMap((line) => line.split(" "));
    const listed = new Map(store.list().map(({ id, state }) => [id, state]));
    expect(listed.size).toBe(revoked.length + 80);
    expect(revoked.map((id) => listed.get(id))).toEqual(revoked.map(() => "revoked"));
    expect(ids.map((id) => listed.get(id))).toEqual(ids.map(() => "valid"));
    expect(readdirSync(home.tokensDir)).toEqual(["tokens.json"]);
  });

  it("do not keep a watching process running", async () => {
    const home = newHome();
    open(home).create("agent");
    expect(await runTokenProcess([dirname(home.dir), "watch"])).toBe("watching");
  });

  it("are found by polling when the system reports nothing", async () => {
    withoutPolling();
    const home = newHome();
    const store = open(home);
    // The folder does not exist yet, so it cannot be watched.
    const notified = new RecordedNotifications(store);
    open(home).create("agent");
    await later();
    expect(notified.all).toEqual([]);
    vi.advanceTimersByTime(2000);
    await later();
    expect(notified.all).toEqual([undefined]);
  });

  it("are not reported after the store or the listener was disposed", async () => {
    const home = newHome();
    const store = new TokenStore(home);
    const notified: unknown[] = [];
    const listening = store.onChange(() => notified.push("first"));
    store.onChange(() => notified.push("second"));
    store.create("agent");
    listening[Symbol.dispose]();
    await later();
    expect(notified).toEqual(["second"]);
    store.create("agent");
    store[Symbol.dispose]();
    await later();
    expect(notified).toEqual(["second"]);
  });
});

describe("a process that cannot open more files", () => {
  it("locks no service out, and changes made meanwhile take effect afterwards", async () => {
    const home = newHome();
    const store = open(home);
    const text = store.create("agent");
    const process = startTokenProcess([dirname(home.dir), "crowded", text], { maxFiles: 64 });
    expect(await process.next()).toBe("known: true");
    // Its file was replaced, and cannot be opened.
    const later = store.create("field");
    expect(await process.ask(later)).toBe("full: known true, valid true, later unusable, told 1");
    expect(await process.ask("")).toBe("free: known true, valid true, later true, told 2");
    await process.ended;
  });
});

describe("a file of tokens that", () => {
  const entry = { id: "k3v4x2m7", service: "agent", label: "", hash: "0".repeat(64), made: "2026-01-01T00:00:00.000Z" };
  const json = (...tokens: readonly object[]): string => JSON.stringify({ tokens });

  it.each<[string, (file: string) => void, string]>([
    ["is empty", (file) => writeFileSync(file, ""), "it is empty"],
    ["breaks off", (file) => writeFileSync(file, json(entry).slice(0, -20)), "is not JSON"],
    ["is something else", (file) => writeFileSync(file, "[]"), "is damaged"],
    ["has no tokens", (file) => writeFileSync(file, "{}"), "tokens: is missing"],
    ["has a service that there is not", (file) => writeFileSync(file, json({ ...entry, service: "donkey" })), "donkey"],
    ["has a short hash", (file) => writeFileSync(file, json({ ...entry, hash: "00" })), "64 hex digits"],
    [
      "has an id that is none",
      (file) => writeFileSync(file, json({ ...entry, id: "../../x" })),
      "8 lower-case letters",
    ],
    ["has a time that is none", (file) => writeFileSync(file, json({ ...entry, expires: "soon" })), 'is "soon"'],
    ["has what is not known", (file) => writeFileSync(file, json({ ...entry, onlyFrom: "10.0.0.1" })), '"onlyFrom"'],
    ["has an id twice", (file) => writeFileSync(file, json(entry, entry)), "no id twice"],
    [
      "has a label that moves the cursor",
      (file) => writeFileSync(file, json({ ...entry, label: "\u001B[2J" })),
      "label",
    ],
    ["is larger than 1 MiB", (file) => truncateSync(file, 1024 * 1024 + 1), "1048577 bytes"],
  ])(
    "%s: no token is accepted, the error is reported once, and the file is left unchanged",
    async (_what, damage, why) => {
      const home = newHome();
      const store = open(home);
      const text = store.create("agent");
      const good = readFileSync(tokensFile(home).path);
      const notified = new RecordedNotifications(store);

      damage(tokensFile(home).path);
      await notified.count(1);
      const damaged = readFileSync(tokensFile(home).path);
      expect(notified.all).toMatchObject([{ code: "TOKENS_UNUSABLE", exitCode: 78 }]);
      expect(notified.all[0]?.message).toContain(tokensFile(home).path);
      expect(notified.all[0]?.message).toContain(why);
      expect(store.verify(text)).toEqual({ ok: false, reason: "unusable", id: parseToken(text).id });
      expect(store.isValid(parseToken(text).id)).toBe(false);
      for (const action of [() => store.list(), () => store.create("agent"), () => store.revoke(parseToken(text).id)]) {
        expect(caught(action)).toMatchObject({ code: "TOKENS_UNUSABLE" });
      }
      expect(readFileSync(tokensFile(home).path).equals(damaged)).toBe(true);

      // A later listener is notified as well, and earlier ones are not notified again.
      const late = new RecordedNotifications(store);
      await late.count(1);
      chmodSync(tokensFile(home).path, 0o640);
      store.verify(text);
      writeFileSync(tokensFile(home).path, good);
      await late.count(2);
      expect(notified.all).toMatchObject([{ code: "TOKENS_UNUSABLE" }, undefined]);
      expect(late.all).toMatchObject([{ code: "TOKENS_UNUSABLE" }, undefined]);
      expect(store.verify(text)).toMatchObject({ ok: true });
    },
  );

  it("is a folder is an error", () => {
    const home = newHome();
    createServiceHome(home);
    mkdirSync(tokensFile(home).path, { recursive: true });
    const store = open(home);
    expect(caught(() => store.list())).toMatchObject({ code: "TOKENS_UNUSABLE" });
    expect(caught(() => store.create("agent")).message).toContain("it is a folder, not a file");
  });

  it("has a file in place of its folder cannot be changed", () => {
    const home = newHome();
    createServiceHome(home);
    writeFileSync(home.tokensDir, "");
    const error = caught(() => open(home).create("agent"));
    expect(error).toMatchObject({ code: "TOKENS_UNUSABLE", fields: { file: tokensFile(home).path } });
  });
});
