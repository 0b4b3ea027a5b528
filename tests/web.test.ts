import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EventReader } from "@peek/http/testing";
import { type CataloguePlugin, webCatalogueSchema, type WebFailure, webPaths } from "@peek/web/protocol";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "./src/freePort.ts";
import { siteOrigin } from "./src/LiveServices.ts";
import { peek } from "./src/peekCommand.ts";
import { pump, pumpArchive } from "./src/pumpArchive.ts";
import { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { addUser, logIn } from "./src/users.ts";
import { workspaceDir } from "./src/workspace.ts";

/** The new generations are watched for a moment only: these tests do not wait for it. */
const plugin = { deadlines: { probeSeconds: 0.2 } };
const withoutLogin = { sitePort: 0, anonymous: true };

/** The parts of an archive whose module shows its version. */
function webParts(version: string, groups?: readonly string[]): Parameters<typeof pumpArchive>[1] {
  const web = { dir: "web", groups, routes: [{ path: "", title: `Pumps ${version}` }] };
  const built = { format: 1, plugin: pump, webApi: "1.0", module: "main.js", styles: [] };
  return {
    version,
    services: ["logic", "field", "office"],
    sections: { admin: { web }, field: { web }, office: { web } },
    files: { "web/peek-web.json": JSON.stringify(built), "web/main.js": `export default "${version}";` },
  };
}

/** A user's view of a site. */
class Site {
  readonly origin: string;
  readonly #cookie: string;

  constructor(origin: string, cookie = "") {
    this.origin = origin;
    this.#cookie = cookie;
  }

  get(path: string): Promise<Response> {
    return fetch(`${this.origin}${path}`, { headers: { cookie: this.#cookie } });
  }

  async plugin(): Promise<CataloguePlugin | undefined> {
    const { plugins } = webCatalogueSchema.parse(await (await this.get(webPaths.catalogue)).json());
    return plugins.find(({ name }) => name === pump);
  }

  /** The version and state in the catalogue, and the text of the module. */
  async shown(): Promise<string> {
    const found = await this.plugin();
    if (found === undefined) return "none";
    return `${found.version} ${found.state} ${await (await this.get(found.module)).text()}`;
  }

  /** Follows the events until the running test is over. */
  async follow(): Promise<Follower> {
    const reader = await EventReader.connect(this.origin, { cookie: this.#cookie });
    if (typeof reader === "number") throw new Error(`The connection was refused with ${reader}.`);
    onTestFinished(() => reader[Symbol.dispose]());
    return { reader, until: async (text) => await this.#follow(reader, text) };
  }

  async #follow(reader: EventReader, text: string): Promise<void> {
    for (;;) {
      if ((await this.shown()) === text) return;
      // Each change is announced: it needs no poll.
      if ((await reader.next()) === undefined) throw new Error(`The events ended before ${text}.`);
    }
  }
}

/** The events of a site. */
interface Follower {
  readonly reader: EventReader;
  /** Waits by the events until the site shows a version. */
  readonly until: (text: string) => Promise<void>;
}

const moduleOf = (version: string): string => `export default "${version}";`;
const running = (version: string): string => `${version} running ${moduleOf(version)}`;

describe("the apps of running services", () => {
  const owned = new AsyncDisposableStack();
  let base: string;
  let logic: RunningProcess;
  let office: RunningProcess;
  let officeHome: TestHome;
  let sites: { readonly admin: Site; readonly field: Site; readonly office: Site };

  beforeAll(async () => {
    const sitePort = await freePort();
    const httpServer = { admin: withoutLogin, field: withoutLogin, office: withoutLogin };
    const logicHome = owned.use(
      await TestHome.with({ plugin, httpServer: { ...httpServer, dataExchange: { sitePort } } }),
    );
    base = logicHome.base;
    const gateway = { plugin, httpServer, dataExchange: { httpPort: sitePort }, logging: { logToFile: false } };
    const fieldHome = await logicHome.beside("field", gateway);
    officeHome = await logicHome.beside("office", gateway);
    logic = owned.use(await logicHome.start());
    const field = owned.use(await fieldHome.start());
    office = owned.use(await officeHome.start());
    for (const each of [field, office]) await each.waitFor(/Connected to the logic service/);
    const [admin, ofField, ofOffice] = await Promise.all([logic, field, office].map(siteOrigin));
    sites = { admin: new Site(admin ?? ""), field: new Site(ofField ?? ""), office: new Site(ofOffice ?? "") };
  });

  afterAll(() => owned.disposeAsync());

  async function run(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await peek(base, "plugin", ...args);
    expect(code, stderr).toBe(0);
  }

  it("follow a plugin that is installed, disabled and enabled", async () => {
    const followers = await Promise.all([sites.admin, sites.field, sites.office].map((site) => site.follow()));
    const shows = (text: string): Promise<unknown> => Promise.all(followers.map(({ until }) => until(text)));
    await shows("none");
    await run("install", await pumpArchive(base, webParts("1.0.0")));
    await shows(running("1.0.0"));
    await run("disable", pump);
    await shows("none");
    await run("enable", pump);
    await shows(running("1.0.0"));
  });

  it("show each its own version during an upgrade, and find the files of the version before after it", async () => {
    const hold = join(base, "hold");
    const load = `while (this.service === "office" && process.getBuiltinModule("node:fs").existsSync(${JSON.stringify(hold)}))
      await new Promise((resolve) => setTimeout(resolve, 10));`;
    const archive = await pumpArchive(base, { ...webParts("1.1.0"), load });
    writeFileSync(hold, "");
    onTestFinished(() => rmSync(hold, { force: true }));
    const old = await sites.field.plugin();
    const [field, atOffice] = [await sites.field.follow(), await sites.office.follow()];
    const upgrading = owned.use(
      new RunningProcess(join(workspaceDir, "packages/cli/bin/peek"), {
        args: ["plugin", "upgrade", archive],
        env: { PEEK_HOME: base },
      }),
    );
    await field.until(running("1.1.0"));
    await atOffice.until(`1.0.0 updating ${moduleOf("1.0.0")}`);
    expect(await sites.field.shown()).toBe(running("1.1.0"));
    rmSync(hold);
    await atOffice.until(running("1.1.0"));
    expect((await upgrading.ended).code).toBe(0);
    expect(await (await sites.field.get(old?.module ?? "")).text()).toBe(moduleOf("1.0.0"));
    await run("rollback", pump);
    await Promise.all([field.until(running("1.0.0")), atOffice.until(running("1.0.0"))]);
    expect((await sites.field.plugin())?.module).toBe(old?.module);
  });

  it("report failures to the log of logic, or to their own while logic is away", async () => {
    const failure: WebFailure = { plugin: pump, version: "1.0.0", phase: "render", message: "no rows", path: "/app/x" };
    const post = (site: Site, version: string): Promise<Response> =>
      fetch(`${site.origin}${webPaths.failures}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...failure, version }),
      });
    expect((await post(sites.office, "1.0.0")).status).toBe(204);
    await logic.waitFor(/peek_plugin_pump 1\.0\.0 failed to render for anonymous on the office site: no rows/);
    expect((await post(sites.admin, "1.0.1")).status).toBe(204);
    await logic.waitFor(/peek_plugin_pump 1\.0\.1 failed to render for anonymous on the admin site: no rows/);
    await logic.stop();
    await office.waitFor(/Lost the logic service/);
    expect((await post(sites.office, "1.0.2")).status).toBe(204);
    await office.waitFor(/peek_plugin_pump 1\.0\.2 failed to render/);
  });

  it("end their events when the service stops, and show the same after a restart", async () => {
    const { reader } = await sites.office.follow();
    expect(await reader.next()).toMatchObject({ event: "catalogue" });
    expect(await sites.office.shown()).toBe(running("1.0.0"));
    const { module } = (await sites.office.plugin()) ?? { module: "" };
    const stopping = office.stop();
    expect(await reader.next()).toBeUndefined();
    await stopping;
    const restarted = owned.use(await officeHome.start());
    const again = new Site(await siteOrigin(restarted));
    expect(await again.shown()).toBe(running("1.0.0"));
    expect((await again.plugin())?.module).toBe(module);
  });
});

it("a plugin for a group is neither in the catalogue of other users, nor do they get its files", async () => {
  await using owned = new AsyncDisposableStack();
  const sitePort = await freePort();
  const logicHome = owned.use(await TestHome.with({ plugin, httpServer: { dataExchange: { sitePort } } }));
  const { base } = logicHome;
  const fieldHome = await logicHome.beside("field", { plugin, dataExchange: { httpPort: sitePort } });
  await addUser(base, "anna", "correct horse", ["ops"]);
  await addUser(base, "berta", "correct horse");
  owned.use(await logicHome.start());
  const field = owned.use(await fieldHome.start());
  await field.waitFor(/Connected to the logic service/);
  const { code, stderr } = await peek(base, "plugin", "install", await pumpArchive(base, webParts("1.0.0", ["ops"])));
  expect(code, stderr).toBe(0);
  const origin = await siteOrigin(field);
  const anna = new Site(origin, await logIn(origin, "anna", "correct horse"));
  const berta = new Site(origin, await logIn(origin, "berta", "correct horse"));
  expect([await anna.shown(), await berta.shown()]).toEqual([running("1.0.0"), "none"]);
  const { module = "" } = (await anna.plugin()) ?? {};
  expect([(await anna.get(module)).status, (await berta.get(module)).status]).toEqual([200, 403]);
});
