import { execFileSync } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { webCatalogueSchema, webPaths } from "@peek/web/protocol";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket as NodeSocket } from "ws";
import { Chromium, findChromium, TutorialPage, tutorialPath } from "./src/Chromium.ts";
import { type TutorialContracts, tutorialContracts } from "./src/importContracts.ts";
import { type LiveContracts, liveContracts, livePlugin } from "./src/livePlugin.ts";
import { type DatabaseClient, type LiveService, LiveServices } from "./src/LiveServices.ts";
import { peek } from "./src/peekCommand.ts";
import { historyOf, RecordingClient, valueOf } from "./src/RecordingClient.ts";
import { temporaryFolder } from "./src/temporaryFolder.ts";
import { addUser, logIn } from "./src/users.ts";

const executable = findChromium();
const password = "correct horse";
/** The path of the login. */
const withLogin = { httpServer: { field: { sitePort: 0 }, office: { sitePort: 0 } } };

/** The answer of a service to the request for a WebSocket. */
async function upgradeAnswer(url: string, headers: Readonly<Record<string, string>>): Promise<number | "open"> {
  const socket = new NodeSocket(url, "peek.client.1", { headers });
  try {
    return await Promise.race([
      once(socket, "open").then(() => "open" as const),
      once(socket, "unexpected-response").then(([, response]) => (response as IncomingMessage).statusCode ?? 0),
    ]);
  } finally {
    // A refused connection reports that it was cut.
    socket.on("error", () => undefined);
    socket.terminate();
  }
}

describe("users who log in", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;
  let field: LiveService;
  let contracts: LiveContracts;
  let tutorial: TutorialContracts;
  let database: DatabaseClient;

  beforeAll(async () => {
    services = owned.use(await LiveServices.start({ plugins: [livePlugin()] }));
    field = await services.startBeside("field", withLogin);
    contracts = await liveContracts(field);
    tutorial = await tutorialContracts();
    database = owned.use(await services.database());
    for (const name of ["anna", "bert", "carl"]) await addUser(services.base, name, password);
    await database.query("INSERT INTO pl_live.member VALUES ('anna'), ('bert')");
    await database.query("INSERT INTO pl_live.thing VALUES (1, 'anna', 'hers'), (2, 'bert', 'his'), (3, 'carl', '?')");
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  const clientOf = async (name: string): Promise<RecordingClient> =>
    new RecordingClient({ url: field.url }, await logIn(field.origin, name, password));

  it("see their own data and never that of others, and none from 5 s after their rights were revoked", async () => {
    using anna = await clientOf("anna");
    using bert = await clientOf("bert");
    using carl = await clientOf("carl");
    using hers = anna.client.subscribe(contracts.Thing);
    await valueOf(hers, ({ status }) => status === "live");
    // The service has cached the authorization of Anna by now.
    using his = bert.client.subscribe(contracts.Thing);
    using nothing = carl.client.subscribe(contracts.Thing);
    const seen = [historyOf(his), historyOf(nothing)];
    await valueOf(his, ({ status }) => status === "live");
    const refused = await valueOf(nothing, ({ status }) => status === "refused");
    expect(refused).toMatchObject({ tuples: [], error: { code: "FORBIDDEN" } });
    expect(hers.getSnapshot().tuples).toEqual([{ id: 1, owner: "anna", text: "hers" }]);
    expect(his.getSnapshot().tuples).toEqual([{ id: 2, owner: "bert", text: "his" }]);

    await database.query("DELETE FROM pl_live.member WHERE name = 'anna'");
    const revokedAt = performance.now();
    const ended = await valueOf(hers, ({ status }) => status === "refused");
    expect(performance.now() - revokedAt).toBeLessThan(5000);
    expect(ended).toMatchObject({ tuples: [], error: { code: "FORBIDDEN" } });
    await database.query("UPDATE pl_live.thing SET text = text || ', changed'");
    await valueOf(his, ({ tuples }) => tuples[0]?.text === "his, changed");
    expect(hers.getSnapshot().tuples).toEqual([]);
    for (const state of seen.flat()) {
      for (const { owner } of state.tuples) expect(owner).toBe("bert");
    }
    // She still receives updates of the data that she may see.
    using rows = anna.client.subscribe(tutorial.StringIntTuple);
    await valueOf(rows, ({ status }) => status === "live");
  });

  it("are disconnected within 5 s when they are disabled, and cannot log in again, while others continue", async () => {
    using bert = await clientOf("bert");
    using carl = await clientOf("carl");
    using his = bert.client.subscribe(tutorial.StringIntTuple);
    using others = carl.client.subscribe(tutorial.StringIntTuple);
    await Promise.all([his, others].map((each) => valueOf(each, ({ status }) => status === "live")));
    expect((await peek(services.base, "user", "disable", "bert")).code).toBe(0);
    const disabledAt = performance.now();
    await valueOf(bert.client.connection, ({ status }) => status === "login");
    expect(performance.now() - disabledAt).toBeLessThan(5000);
    expect(his.getSnapshot().status).toBe("stale");
    expect(others.getSnapshot().status).toBe("live");
    await expect(logIn(field.origin, "bert", password)).rejects.toThrow("401");
    bert.client.reconnect();
    await valueOf(bert.client.connection, ({ status }) => status === "login");
    await database.query("UPDATE pl_tutorial.string_int SET int1 = 555");
    await valueOf(others, ({ tuples }) => tuples[0]?.int1 === 555);
    expect(his.getSnapshot().tuples[0]?.int1).not.toBe(555);
  });

  it("stay logged in when their groups change, and are live again by themselves", async () => {
    using carl = await clientOf("carl");
    using rows = carl.client.subscribe(tutorial.StringIntTuple);
    await valueOf(rows, ({ status }) => status === "live");
    const connections = carl.urls.length;
    const seen: string[] = [];
    using _watched = {
      [Symbol.dispose]: carl.client.connection.subscribe(() => seen.push(carl.client.connection.getSnapshot().status)),
    };
    expect((await peek(services.base, "user", "groups", "carl", "crew")).code).toBe(0);
    await valueOf(carl.client.connection, ({ status }) => status === "live" && carl.urls.length > connections);
    await valueOf(rows, ({ status }) => status === "live");
    expect(seen).not.toContain("login");
  });

  it("have their actions executed in their name", async () => {
    using carl = await clientOf("carl");
    const { result } = await carl.client.push(contracts.Note, { text: "bad of carl" });
    await expect(result).rejects.toThrow("This is not noted");
    const { stdout } = await peek(services.base, "action", "list", "peek_plugin_live", "--json");
    expect(JSON.parse(stdout)).toMatchObject([{ user: { name: "carl", anonymous: false } }]);
  });

  it("cannot be impersonated by a page of another origin, nor without a login", async () => {
    const cookie = await logIn(field.origin, "carl", password);
    const { origin } = field;
    expect(await upgradeAnswer(field.url, { cookie, origin })).toBe("open");
    expect(await upgradeAnswer(field.url, { cookie, origin: "https://evil.example" })).toBe(403);
    expect(await upgradeAnswer(field.url, { cookie })).toBe(403);
    const hello = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (await fetch(`${origin}/peek_plugin_live/hello`, { method: "POST", headers })).status;
    expect(await hello({ cookie, origin })).toBe(200);
    expect(await hello({ cookie, origin: "https://evil.example" })).toBe(403);
    expect(await hello({ cookie, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await hello({ origin })).toBe(401);
    expect((await fetch(`${origin}${tutorialPath}`)).status).toBe(401);
  });

  it.skipIf(executable === undefined)("log in and out in a browser", async () => {
    await using chromium = await Chromium.start(executable ?? "");
    await using person = await chromium.person();
    const { page } = await TutorialPage.open(person, field.origin);
    await page.waitForURL(/\/peek\/login\?/);
    const tryPassword = async (word: string): Promise<void> => {
      await page.getByLabel("Name").fill("Carl");
      await page.getByLabel("Password").fill(word);
      await page.getByRole("button", { name: "Log in" }).click();
    };
    await tryPassword("battery staple");
    await page.getByRole("alert").filter({ hasText: "The name or the password is wrong" }).waitFor();
    await tryPassword(password);
    await page.waitForURL(`${field.origin}${tutorialPath}`);
    const tutorialPage = await TutorialPage.open(person, field.origin);
    await tutorialPage.showsConnection("live");
    await tutorialPage.page.getByRole("button", { name: "User: carl" }).waitFor();

    const out = await page.evaluate(async () => (await fetch("/peek/logout", { method: "POST" })).status);
    expect(out).toBe(204);
    await tutorialPage.showsConnection("login");
    const dialog = tutorialPage.page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("carl");
    await dialog.getByLabel("Password").fill(password);
    await dialog.getByRole("button", { name: "Log in" }).click();
    // The page where they were.
    await tutorialPage.showsConnection("live");
    expect(new URL(tutorialPage.page.url()).pathname).toBe(tutorialPath);
  });
});

describe("the sites of services", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;

  beforeAll(async () => {
    const broken = {
      name: "peek_plugin_broken",
      manifest: {
        requiresServices: ["field"],
        field: { web: { dir: "web/dist", routes: [{ path: "", title: "Broken" }] } },
      },
      index: `import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
        export const peekFieldEntryHook = () => class FieldEntryHook extends PluginFieldEntryHookABC {
          load() {}
          start() {
            this.platform.http.route("GET", "/", () => new Response("half started"));
            throw new Error("It does not work");
          }
          stop() {}
          unload() {}
        };`,
    };
    services = owned.use(await LiveServices.start({ besides: [broken] }));
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  const get = async (url: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(url);
    return { status: response.status, text: await response.text() };
  };

  it("serve pages of other plugins, and none of failed or disabled ones", async () => {
    const modulesOf = async (origin: string): Promise<readonly [name: string, module: string][]> => {
      const { plugins } = webCatalogueSchema.parse(JSON.parse((await get(`${origin}${webPaths.catalogue}`)).text));
      return plugins.map(({ name, module }) => [name, module]);
    };
    const field = await services.startElsewhere("field");
    const found = await modulesOf(field.origin);
    expect(found).toEqual([["peek_plugin_tutorial", expect.stringMatching(/\.js$/)]]);
    expect(await get(`${field.origin}${found[0]?.[1]}`)).toMatchObject({ status: 200 });
    expect(await get(`${field.origin}/peek_plugin_broken/`)).toMatchObject({ status: 404 });
    await field.process.stop();

    expect((await peek(field.home.base, "plugin", "disable", "peek_plugin_tutorial")).code).toBe(0);
    const again = await services.restart(field);
    expect(await modulesOf(again.origin)).toEqual([]);
    expect((await get(`${again.origin}/`)).status).toBe(200);
  });

  it("report whether they are alive and ready, and why not, and browsers reconnect by themselves", async () => {
    const office = await services.startBeside("office");
    const readiness = (): Promise<{ status: number; text: string }> => get(`${office.origin}/readyz`);
    expect(await get(`${office.origin}/healthz`)).toMatchObject({ status: 200 });
    expect(await readiness()).toMatchObject({ status: 200 });
    await services.killLogic();
    await vi.waitFor(async () => expect(await readiness()).toMatchObject({ status: 503 }), { timeout: 60_000 });
    expect((await readiness()).text).toContain("Logic cannot be reached");
    expect(await get(`${office.origin}/healthz`)).toMatchObject({ status: 200 });
    await services.startLogic();
    await vi.waitFor(async () => expect(await readiness()).toMatchObject({ status: 200 }), { timeout: 60_000 });
    await office.process.stop();
  });

  it("with a certificate accept https and wss", async () => {
    const dir = await temporaryFolder();
    const files = ["-keyout", "key.pem", "-out", "cert.pem"];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...key, ...files, "-subj", "/CN=localhost"], { cwd: dir, stdio: "pipe" });
    execFileSync("/bin/sh", ["-c", "cat cert.pem key.pem > bundle.pem"], { cwd: dir });
    const sslBundleFilePath = join(dir, "bundle.pem");
    const site = { sitePort: 0, anonymous: true, useSsl: true, sslBundleFilePath };
    const office = await services.startElsewhere("office", { httpServer: { office: site } });
    expect(office.url).toMatch(/^wss:/);
    using recording = new RecordingClient({ url: office.url });
    using rows = recording.client.subscribe((await tutorialContracts()).StringIntTuple);
    await valueOf(rows, ({ status }) => status === "live");
    if (executable === undefined) return;
    await using chromium = await Chromium.start(executable);
    await using person = await chromium.person();
    const page = await TutorialPage.open(person, office.origin);
    await page.showsConnection("live");
    await page.showsNumber(1);
    const cookies = await person.cookies();
    expect(cookies).toHaveLength(2);
    expect(cookies).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "__Host-peek_device", secure: true, httpOnly: true, sameSite: "Lax" }),
        expect.objectContaining({ name: "peek_user", secure: true, httpOnly: false, sameSite: "Lax" }),
      ]),
    );
  });
});
