import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceHome } from "@peek/config";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder, TestLog, until } from "@peek/kit/testing";
import type { SiteSession } from "../src/index.ts";
import {
  KnownDevices,
  remoteBackend,
  serveAuthentication,
  SessionStore,
  UserAuthenticator,
  UserDirectory,
  UserSessionProvider,
  UserStore,
} from "../src/users/index.ts";
import { LocalRpc } from "./LocalRpc.ts";
import { type OpenSite, openSite } from "./openSite.ts";
import { rawRequest, upgradeLines } from "./rawRequest.ts";

const password = "correct horse";
const stranger = { device: "d", deviceTokens: [], isLocal: false };

interface Logic {
  readonly users: UserStore;
  readonly authenticator: UserAuthenticator;
  readonly rpc: LocalRpc;
}

/** A folder with both users. Each test copies it: to hash a password takes longer than most of them. */
const withUsers = mkdtempSync(join(tmpdir(), "peek-login-"));

beforeAll(async () => {
  const users = new UserStore(serviceHome("logic", { PEEK_HOME: withUsers }));
  await users.add("anna", password, ["admin"]);
  await users.add("berta", password);
});

afterAll(() => rmSync(withUsers, { recursive: true, force: true }));

async function openLogic(): Promise<Logic> {
  const base = temporaryFolder();
  cpSync(withUsers, base, { recursive: true });
  const home = serviceHome("logic", { PEEK_HOME: base });
  const logger = new TestLog();
  const users = new UserStore(home);
  const directory = new UserDirectory({ home, logger, cacheMs: 0 });
  const sessions = new SessionStore({ home, days: 30, logger });
  onTestFinished(() => sessions[Symbol.asyncDispose]());
  const authenticator = new UserAuthenticator({
    users: directory,
    sessions,
    devices: new KnownDevices(home, logger),
    logger,
  });
  const rpc = new LocalRpc();
  serveAuthentication(rpc.for("logic"), authenticator);
  return { users, authenticator, rpc };
}

/** Opens a field or office site with users. */
async function openField(logic: Logic, site: "field" | "office" = "field"): Promise<OpenSite> {
  const sessions = new UserSessionProvider({
    backend: remoteBackend(logic.rpc.for(site)),
    logger: new TestLog(),
    revalidateMs: 20,
  });
  onTestFinished(() => sessions[Symbol.asyncDispose]());
  return await openSite({ sessions, site, service: site });
}

/** Opens logic's own site. */
async function openAdmin({ authenticator }: Logic): Promise<OpenSite> {
  const sessions = new UserSessionProvider({
    backend: authenticator.backendFor("admin"),
    requiredGroup: "admin",
    logger: new TestLog(),
  });
  onTestFinished(() => sessions[Symbol.asyncDispose]());
  return await openSite({ sessions, site: "admin", service: "logic" });
}

function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((each) => each.split(";", 1)[0] ?? "")
    .join("; ");
}

/** Logs in like a program. */
async function logIn(
  origin: string,
  name: string,
  secret = password,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; cookie: string }> {
  const response = await fetch(`${origin}/peek/login`, {
    method: "POST",
    headers: { "content-type": "application/json", origin, ...headers },
    body: JSON.stringify({ name, password: secret }),
  });
  return { status: response.status, cookie: cookiesOf(response) };
}

async function statusOf(origin: string, cookie: string, path = "/peek/session"): Promise<number> {
  return (await fetch(`${origin}${path}`, { headers: { cookie }, redirect: "manual" })).status;
}

/** Opens the connection of a WebSocket, and returns its session. */
async function openSocket({ site, origin }: OpenSite, cookie: string): Promise<SiteSession> {
  const came = Promise.withResolvers<SiteSession>();
  site.onUpgrade("/live", (_request, socket, _head, session) => {
    socket.on("error", () => {});
    came.resolve(session);
  });
  const socket = connect(site.port, "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write(`${upgradeLines("/live", { cookie, origin, host: new URL(origin).host }).join("\r\n")}\r\n\r\n`);
  return await came.promise;
}

describe("logging in", () => {
  it("redirects a person from a page to the form and back, without scripts", async () => {
    const { origin } = await openField(await openLogic());
    const page = await fetch(`${origin}/peek_plugin_pump/x?y=1`, {
      headers: { accept: "text/html" },
      redirect: "manual",
    });
    expect(page.status).toBe(303);
    const to = page.headers.get("location") ?? "";
    expect(to).toBe("/peek/login?return=%2Fpeek_plugin_pump%2Fx%3Fy%3D1");
    const form = await fetch(`${origin}${to}`);
    const token = /name="token" value="([^"]+)"/.exec(await form.text())?.[1] ?? "";
    const body = new URLSearchParams({ name: "anna", password, token, return: "/peek_plugin_pump/x?y=1" });
    const send = (cookie: string) =>
      fetch(`${origin}/peek/login`, { method: "POST", headers: { origin, cookie }, body, redirect: "manual" });
    expect((await send("")).status).toBe(403);
    const done = await send(cookiesOf(form));
    expect([done.status, done.headers.get("location")]).toEqual([303, "/peek_plugin_pump/x?y=1"]);
    const cookies = done.headers.getSetCookie().find((each) => each.startsWith("peek_session_field="));
    expect(cookies).toMatch(/^peek_session_field=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/);
    const session = await fetch(`${origin}/peek/session`, { headers: { cookie: cookiesOf(done) } });
    expect(await session.json()).toMatchObject({ user: { name: "anna", groups: ["admin"], anonymous: false } });
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "/.//evil.example",
    "/\tx",
    "x",
    "/peek/login",
  ])("never redirects to %s", async (to) => {
    const { origin } = await openField(await openLogic());
    const form = await fetch(`${origin}/peek/login?return=${encodeURIComponent(to)}`);
    expect(await form.text()).toContain('name="return" value="/"');
  });

  it("is requested from programs by an error", async () => {
    const { origin } = await openField(await openLogic());
    const response = await fetch(`${origin}/peek_plugin_pump/x`);
    expect([response.status, await response.json()]).toMatchObject([401, { code: "LOGIN_REQUIRED" }]);
    expect(await statusOf(origin, `peek_session_field=${"x".repeat(43)}`)).toBe(401);
    expect(await statusOf(origin, "peek_session_field=x")).toBe(401);
    expect(await statusOf(origin, "", "/healthz")).toBe(200);
  });

  it("refuses names and passwords with NUL or lone surrogates", async () => {
    const { origin } = await openField(await openLogic());
    for (const wrong of ["anna\0", "anna\ud83c"]) {
      expect((await logIn(origin, wrong)).status).toBe(400);
      expect((await logIn(origin, "anna", wrong)).status).toBe(400);
    }
  });

  it("is refused by the same message for all reasons, and after several failures even with the right password", async () => {
    const logic = await openLogic();
    const { origin } = await openField(logic);
    const refusal = async (name: string, secret: string): Promise<unknown> => {
      const response = await fetch(`${origin}/peek/login`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name, password: secret }),
      });
      return [response.status, await response.json()];
    };
    const wrong = await refusal("anna", "wrong one");
    expect(wrong).toMatchObject([401, { code: "LOGIN_REFUSED" }]);
    expect(await refusal("nobody", password)).toEqual(wrong);
    logic.users.setEnabled("berta", false);
    expect(await refusal("berta", password)).toEqual(wrong);
    for (let i = 0; i < 10; i += 1) expect(await refusal("anna", `wrong ${i}`)).toEqual(wrong);
    expect(await refusal("anna", password)).toEqual(wrong);
  });

  it("cannot be blocked by failures with the same name from another network", async () => {
    const { authenticator } = await openLogic();
    const from = async (address: string, secret: string): Promise<boolean> =>
      (
        await authenticator
          .backendFor("field", "field-1")
          .login({ ...stranger, name: "anna", password: secret, address })
      ).ok;
    for (let i = 0; i < 12; i += 1) await from("2001:db8:1:2::5", `wrong ${i}`);
    expect(await from("2001:db8:1:2:ffff::9", password)).toBe(false);
    expect(await from("2001:db8:1:3::5", password)).toBe(true);
    expect(await from("192.0.2.1", password)).toBe(true);
  });

  it("is possible on a known browser while strangers are locked out", async () => {
    const logic = await openLogic();
    const { origin } = await openField(logic);
    const known = await logIn(origin, "anna");
    expect(known.cookie).toMatch(/peek_known_field=[\w-]{16}\.[\w-]{43}(;|$)/);
    const others = await logIn(origin, "berta", password, { cookie: known.cookie });
    for (let i = 0; i < 11; i += 1) await logIn(origin, "anna", `wrong ${i}`);
    expect((await logIn(origin, "anna")).status).toBe(401);
    // The token outlasts the session, and the login of another user on the same browser.
    const kept = others.cookie.replace(/peek_session_field=[^;]*/, "");
    expect((await logIn(origin, "anna", password, { cookie: kept })).status).toBe(200);
    // The token belongs to another user.
    const own = await logIn(origin, "berta");
    expect((await logIn(origin, "anna", password, { cookie: own.cookie })).status).toBe(401);
    // The token is not a password, and has a limit too.
    for (let i = 0; i < 10; i += 1) await logIn(origin, "anna", `wrong ${i}`, { cookie: kept });
    expect((await logIn(origin, "anna", password, { cookie: kept })).status).toBe(401);
    // With a new password, counting starts over.
    await logic.users.setPassword("anna", "battery staple");
    await until("it is known", async () => (await logIn(origin, "anna", "battery staple")).status === 200);
  });

  it("is possible on logic's own machine while strangers are locked out, but not through a proxy", async () => {
    const { origin } = await openAdmin(await openLogic());
    const proxied = { "x-forwarded-for": "198.51.100.7" };
    for (let i = 0; i < 11; i += 1) await logIn(origin, "anna", `wrong ${i}`, proxied);
    expect((await logIn(origin, "anna", password, proxied)).status).toBe(401);
    expect((await logIn(origin, "anna")).status).toBe(200);
  });

  it("by way of another service never counts as one on logic's own machine", async () => {
    const { authenticator } = await openLogic();
    const field = authenticator.backendFor("field", "field-1");
    const at = { ...stranger, name: "anna", address: "127.0.0.1", isLocal: true };
    for (let i = 0; i < 11; i += 1) await field.login({ ...at, password: `wrong ${i}` });
    expect((await field.login({ ...at, password })).ok).toBe(false);
  });

  it("is refused from a page of another origin", async () => {
    const { origin } = await openField(await openLogic());
    const headers = { origin: "http://evil.example", "content-type": "application/json" };
    const body = JSON.stringify({ name: "anna", password });
    expect((await fetch(`${origin}/peek/login`, { method: "POST", headers, body })).status).toBe(403);
  });

  it("creates a new session each time, and ends the former one of the same browser", async () => {
    const { origin } = await openField(await openLogic());
    const first = await logIn(origin, "anna");
    const second = await fetch(`${origin}/peek/login`, {
      method: "POST",
      headers: { "content-type": "application/json", origin, cookie: first.cookie },
      body: JSON.stringify({ name: "anna", password }),
    });
    expect(await statusOf(origin, first.cookie)).toBe(401);
    expect(await statusOf(origin, cookiesOf(second))).toBe(200);
  });
});

describe("a session", () => {
  it("ends when the user logs out, also for connections on another service", async () => {
    const logic = await openLogic();
    const field = await openField(logic);
    const other = await openField(logic);
    const { cookie } = await logIn(field.origin, "anna");
    const session = await openSocket(other, cookie);
    expect(session.user.name).toBe("anna");
    const ended = once(session.ended, "abort");
    const out = await fetch(`${field.origin}/peek/logout`, {
      method: "POST",
      headers: { cookie, origin: field.origin },
    });
    expect([out.status, out.headers.getSetCookie().join()]).toEqual([
      204,
      expect.stringMatching(/peek_session_field=;.*,peek_user=; Max-Age=0;/),
    ]);
    expect(await statusOf(field.origin, cookie)).toBe(401);
    await ended;
    expect(await statusOf(other.origin, cookie)).toBe(401);
  });

  it.each([
    ["disabled", (users: UserStore) => Promise.resolve(users.setEnabled("berta", false))],
    ["removed", (users: UserStore) => Promise.resolve(users.remove("berta"))],
    ["given another password", (users: UserStore) => users.setPassword("berta", "battery staple")],
  ])("ends when its user is %s", async (_how, change) => {
    const logic = await openLogic();
    const field = await openField(logic);
    const { cookie } = await logIn(field.origin, "berta");
    const session = await openSocket(field, cookie);
    const ended = once(session.ended, "abort");
    await change(logic.users);
    await ended;
    expect(await statusOf(field.origin, cookie)).toBe(401);
  });

  it("remains valid while logic is away if it is tracked; others are refused as unavailable", async () => {
    const logic = await openLogic();
    const field = await openField(logic);
    const known = await logIn(field.origin, "anna");
    const session = await openSocket(field, known.cookie);
    const unknown = await logIn((await openField(logic)).origin, "berta");
    logic.rpc.isAway = true;
    expect(await statusOf(field.origin, known.cookie)).toBe(200);
    const response = await fetch(`${field.origin}/peek_plugin_pump/x`, { headers: { cookie: unknown.cookie } });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
    const refused = await rawRequest(
      field.site.port,
      upgradeLines("/live", { cookie: unknown.cookie, origin: field.origin, host: new URL(field.origin).host }),
    );
    expect(refused).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 2/);
    expect((await logIn(field.origin, "anna")).status).toBe(503);
    logic.rpc.isAway = false;
    expect(await statusOf(field.origin, unknown.cookie)).toBe(200);
    expect(session.ended.aborted).toBe(false);
  });

  it("that was ended while logic is away stays ended, and logic ends it when it is back", async () => {
    const logic = await openLogic();
    const field = await openField(logic);
    const other = await openField(logic);
    const { cookie } = await logIn(field.origin, "anna");
    logic.rpc.isAway = true;
    const headers = { cookie, origin: field.origin };
    expect((await fetch(`${field.origin}/peek/logout`, { method: "POST", headers })).status).toBe(204);
    expect(await statusOf(field.origin, cookie)).toBe(401);
    logic.rpc.isAway = false;
    expect(await statusOf(field.origin, cookie)).toBe(401);
    await until("logic knows", async () => (await statusOf(other.origin, cookie)) === 401);
  });

  it("of one site is invalid on another site of the same host", async () => {
    const logic = await openLogic();
    const { origin } = await openField(logic);
    const office = await openField(logic, "office");
    const { cookie } = await logIn(origin, "anna");
    expect(await statusOf(office.origin, cookie)).toBe(401);
    const both = `${cookie}; ${(await logIn(office.origin, "berta")).cookie}`;
    const at = async (site: string): Promise<unknown> =>
      await (await fetch(`${site}/peek/session`, { headers: { cookie: both } })).json();
    expect(await at(origin)).toMatchObject({ user: { name: "anna" } });
    expect(await at(office.origin)).toMatchObject({ user: { name: "berta" } });
  });

  it.each([
    ["field", "office"],
    ["field", "admin"],
    ["office", "admin"],
    ["office", "field"],
    ["admin", "field"],
    ["admin", "office"],
  ] as const)("of %s is invalid on %s, even when its id is sent as the cookie of the other site", async (from, to) => {
    const logic = await openLogic();
    const open = (site: "admin" | "field" | "office") => (site === "admin" ? openAdmin(logic) : openField(logic, site));
    const [own, other] = [await open(from), await open(to)];
    const { cookie } = await logIn(own.origin, "anna");
    const forged = cookie.replace(`peek_session_${from}`, `peek_session_${to}`);
    expect(await statusOf(own.origin, cookie)).toBe(200);
    expect(await statusOf(other.origin, forged)).toBe(401);
    const headers = { cookie: forged, origin: other.origin };
    await fetch(`${other.origin}/peek/logout`, { method: "POST", headers });
    expect(await statusOf(own.origin, cookie)).toBe(200);
  });

  it("is validated together with others", async () => {
    const logic = await openLogic();
    const { cookie } = await logIn((await openField(logic)).origin, "anna");
    const sessions = new UserSessionProvider({ backend: remoteBackend(logic.rpc.for("field")), logger: new TestLog() });
    onTestFinished(() => sessions[Symbol.asyncDispose]());
    const before = logic.rpc.calls;
    const request = (id: string) =>
      sessions.authenticate({
        site: "field",
        headers: {},
        cookies: new Map([["peek_session_field", id]]),
        origin: "",
        isSecure: false,
        address: "",
        isLocal: false,
      });
    const good = /peek_session_field=([\w-]+)/.exec(cookie)?.[1] ?? "";
    const ids = Array.from({ length: 1500 }, (_, i) => (i === 700 ? good : String(i).padStart(43, "x")));
    const verdicts = await Promise.all(ids.map(request));
    expect(verdicts.findIndex(({ ok }) => ok)).toBe(700);
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(1);
    expect(logic.rpc.calls - before).toBe(2);
  });

  it("is served to field and office only", async () => {
    const logic = await openLogic();
    await expect(remoteBackend(logic.rpc.for("agent")).validate([])).rejects.toThrow("may not call");
  });
});

describe("the admin site", () => {
  it("accepts administrators only", async () => {
    const { origin } = await openAdmin(await openLogic());
    const anna = await logIn(origin, "anna");
    const berta = await logIn(origin, "berta");
    expect(await statusOf(origin, anna.cookie, "/")).toBe(200);
    expect(await statusOf(origin, berta.cookie, "/")).toBe(403);
  });

  it("offers the login to a user who is not an administrator", async () => {
    const { origin } = await openAdmin(await openLogic());
    const { cookie } = await logIn(origin, "berta");
    const page = await fetch(`${origin}/peek_plugin_pump/?x=1`, { headers: { cookie, accept: "text/html" } });
    expect(page.status).toBe(403);
    expect(await page.text()).toContain('href="/peek/login?return=%2Fpeek_plugin_pump%2F%3Fx%3D1"');
  });
});

describe("anonymous browsers", () => {
  it("are accepted, and recognized by a cookie that scripts cannot read", async () => {
    const { origin } = await openSite();
    const first = await fetch(`${origin}/peek/session`);
    const [cookie = ""] = first.headers.getSetCookie();
    expect(cookie).toMatch(/^peek_device=[\da-f-]{36}; Max-Age=34560000; Path=\/; HttpOnly; SameSite=Lax$/);
    const { user } = (await first.json()) as { user: { id: string } };
    const second = await fetch(`${origin}/peek/session`, { headers: { cookie: cookiesOf(first) } });
    expect(second.headers.getSetCookie()).toEqual([]);
    expect(await second.json()).toMatchObject({ user: { id: user.id, anonymous: true, groups: [] } });
    const forged = await fetch(`${origin}/peek/session`, { headers: { cookie: "peek_device=../x" } });
    expect(forged.headers.getSetCookie()).toHaveLength(2);
  });

  it("have no login", async () => {
    const { origin } = await openSite();
    expect((await fetch(`${origin}/peek/login`)).status).toBe(404);
  });
});
