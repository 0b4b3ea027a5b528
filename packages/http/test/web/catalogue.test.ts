import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { webPaths } from "@peek/web/protocol";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "@peek/kit/testing";
import { openWebSite, type TestPlugin, webPlugin } from "./openWebSite.ts";

describe("the catalogue", () => {
  it("has what the manifest says of a running plugin, with defaults", async () => {
    const site = await openWebSite();
    site.start(
      webPlugin({
        section: {
          routes: [
            { path: "", title: "Pumps" },
            { path: "pumps/:id", title: "Pump", icon: "droplet" },
          ],
          commands: [{ id: "add", title: "Add a pump" }],
          badge: "peek_plugin_pump.Count",
        },
      }),
    );
    const { plugins, ...head } = await site.catalogue("ops");
    expect(head).toEqual({
      site: "field",
      title: "Peek field",
      version: "1.2.3",
      webApi: "1.0",
      user: { id: "anna", name: "anna", anonymous: false, groups: ["ops"] },
      canLogOut: true,
      live: true,
      documents: [],
    });
    const [plugin] = plugins;
    const base = `${webPaths.modules}peek_plugin_pump/${plugin?.hash}/`;
    expect(plugins).toEqual([
      {
        name: "peek_plugin_pump",
        title: "Pump log",
        version: "1.0.0",
        webApi: "1.0",
        hash: expect.stringMatching(/^[0-9a-f]{20}$/),
        module: `${base}assets/main.js`,
        styles: [`${base}main.css`],
        parts: [],
        icon: "puzzle",
        showHomeLink: true,
        showInTitleBar: false,
        titleBarText: "Pump log",
        badge: "peek_plugin_pump.Count",
        routes: [
          { path: "", title: "Pumps", showInMenu: true },
          { path: "pumps/:id", title: "Pump", icon: "droplet", showInMenu: false },
        ],
        commands: [{ id: "add", title: "Add a pump", keywords: [] }],
        settings: false,
        state: "running",
      },
    ]);
  });

  it("has for each user what the groups of the plugin, of its routes and of its commands allow", async () => {
    const site = await openWebSite();
    site.start(
      webPlugin({
        section: {
          groups: ["ops", "boss"],
          routes: [
            { path: "", title: "Pumps", groups: ["ops"] },
            { path: "costs", title: "Costs", groups: ["boss"] },
          ],
          commands: [
            { id: "stop", title: "Stop", groups: ["boss"] },
            { id: "show", title: "Show" },
          ],
        },
      }),
    );
    site.start(
      webPlugin({ plugin: "peek_plugin_valve", section: { routes: [{ path: "", title: "V", groups: ["x"] }] } }),
    );
    const seen = async (groups: string): Promise<unknown> =>
      (await site.catalogue(groups)).plugins.map(({ name, routes, commands }) => [
        name,
        routes.map(({ path }) => path),
        commands.map(({ id }) => id),
      ]);
    expect(await seen("")).toEqual([]);
    expect(await seen("ops")).toEqual([["peek_plugin_pump", [""], ["show"]]]);
    expect(await seen("boss")).toEqual([["peek_plugin_pump", ["costs"], ["stop", "show"]]]);
    expect(await seen("ops,boss,more")).toEqual([["peek_plugin_pump", ["", "costs"], ["stop", "show"]]]);
    expect(await seen("x")).toEqual([["peek_plugin_valve", [""], []]]);
  });

  it("is in the order of the titles, and needs a session", async () => {
    const site = await openWebSite();
    for (const name of ["c", "a", "b"]) {
      site.start(webPlugin({ plugin: `peek_plugin_${name}`, section: { title: name === "c" ? "Äpfel" : name } }));
    }
    expect((await site.catalogue()).plugins.map(({ title }) => title)).toEqual(["a", "Äpfel", "b"]);
    expect((await fetch(`${site.origin}${webPaths.catalogue}`)).status).toBe(401);
  });

  it("has 50 plugins in one answer, which is small", async () => {
    const site = await openWebSite();
    const names = Array.from({ length: 50 }, (_, index) => `peek_plugin_p${index}`);
    for (const plugin of names) site.start(webPlugin({ plugin }));
    const { plugins } = await site.catalogue();
    expect(plugins.map(({ name }) => name).sort()).toEqual(names.sort());
    expect(new Set(plugins.map(({ hash }) => hash)).size).toBe(50);
    expect((await (await site.get(webPaths.catalogue)).text()).length).toBeLessThan(50_000);
  });

  it("is answered with 304 while nothing has changed for the user", async () => {
    const site = await openWebSite();
    const pump = site.start(webPlugin());
    const first = await site.get(webPaths.catalogue);
    expect(first.headers.get("cache-control")).toBe("private, no-cache");
    const etag = first.headers.get("etag") ?? "";
    const again = (init = {}): Promise<Response> =>
      site.get(webPaths.catalogue, { headers: { "if-none-match": etag }, ...init });
    expect((await again()).status).toBe(304);
    expect((await again({ user: "berta" })).status).toBe(200);
    const hidden = site.start(webPlugin({ plugin: "peek_plugin_secret", section: { groups: ["boss"] } }));
    expect((await again()).status).toBe(304);
    await pump[Symbol.asyncDispose]();
    expect((await again()).status).toBe(200);
    await hidden[Symbol.asyncDispose]();
  });

  it("keeps a plugin that is being changed, as updating", async () => {
    const site = await openWebSite();
    const old = site.start(webPlugin());
    const states = async (): Promise<unknown> =>
      (await site.catalogue()).plugins.map(({ version, state }) => `${version} ${state}`);
    const suspension = site.modules.suspend("peek_plugin_pump");
    expect(await states()).toEqual(["1.0.0 updating"]);
    await old[Symbol.asyncDispose]();
    expect(await states()).toEqual(["1.0.0 updating"]);
    const next = site.start(webPlugin({ generation: 2, version: "2.0.0" }));
    suspension[Symbol.dispose]();
    expect(await states()).toEqual(["2.0.0 running"]);
    const disabling = site.modules.suspend("peek_plugin_pump");
    await next[Symbol.asyncDispose]();
    disabling[Symbol.dispose]();
    expect(await states()).toEqual([]);
  });

  it("has the pages of plugins that are documents of their own, also while their plugin is being changed", async () => {
    const site = await openWebSite();
    const documents = async (): Promise<unknown> =>
      (await site.catalogue()).documents.map(({ title, path }) => `${title} ${path}`);
    const first = new DisposableStack();
    const http = site.plugins.forPlugin(
      "peek_plugin_pump",
      import.meta.dirname,
      () => new AsyncDisposableStack(),
      site.log,
    );
    first.use(http.files(".", { title: "Pumps" }));
    first.use(http.files(".", { at: "/manual", title: "Manual" }));
    http.files(".", { at: "/parts" });
    const both = ["Manual /peek_plugin_pump/manual/", "Pumps /peek_plugin_pump/"];
    expect(await documents()).toEqual(both);
    using suspension = await site.plugins.suspend("peek_plugin_pump", new AbortController().signal);
    first.dispose();
    expect(await documents()).toEqual(both);
    http.files(".", { title: "New pumps" });
    expect(await documents()).toEqual(["Manual /peek_plugin_pump/manual/", "New pumps /peek_plugin_pump/"]);
    suspension[Symbol.dispose]();
    expect(await documents()).toEqual(["New pumps /peek_plugin_pump/"]);
  });

  it("does not have a plugin before it has been started, and waits for all plugins of a service that starts", async () => {
    const site = await openWebSite({ isComplete: false });
    const module = webPlugin();
    site.modules.add(module, new AsyncDisposableStack());
    let isAnswered = false;
    const answer = site.catalogue().finally(() => (isAnswered = true));
    expect((await fetch(`${site.origin}/healthz`)).status).toBe(200);
    expect(isAnswered).toBe(false);
    site.modules.started({ name: module.plugin, generation: 1 });
    site.modules.begin();
    expect((await answer).plugins).toHaveLength(1);
  });
});

describe("a web module that cannot be loaded", () => {
  const built = { format: 1, plugin: "peek_plugin_pump", webApi: "1.0", module: "assets/main.js", styles: [] };
  const cases: readonly (readonly [string, TestPlugin, string, RegExp])[] = [
    [
      "has no peek-web.json",
      { built: undefined },
      "WEB_MODULE_MISSING",
      /peek-web\.json is missing\. Build the plugin/,
    ],
    ["has no folder", { section: { dir: "nowhere" } }, "WEB_MODULE_MISSING", /folder nowhere is missing/],
    [
      "misses a file",
      { built: { ...built, module: "gone.js" } },
      "WEB_MODULE_MISSING",
      /web\/dist\/gone\.js is missing/,
    ],
    ["has malformed JSON", { built: "{" }, "WEB_MODULE_INVALID", /peek-web\.json is malformed/],
    [
      "has a malformed key",
      { built: { ...built, module: "../x.js" } },
      "WEB_MODULE_INVALID",
      /\(module: a relative path/,
    ],
    [
      "is of another plugin",
      { built: { ...built, plugin: "peek_plugin_x" } },
      "WEB_MODULE_INVALID",
      /of another plugin, peek_plugin_x/,
    ],
    ["is large", { built: { ...built, more: "x".repeat(70_000) } }, "WEB_MODULE_INVALID", /more than 65536 bytes/],
    ["leads out", { section: { dir: "../.." } }, "WEB_MODULE_INVALID", /leads out of the package/],
    [
      "has a strange name",
      { built, files: { "assets/main.js": "", "a b.js": "" } },
      "WEB_MODULE_INVALID",
      /"a b\.js" has other characters/,
    ],
    [
      "is for another major",
      { built: { ...built, webApi: "2.3" } },
      "WEB_API_INCOMPATIBLE",
      /version 2\.3 of the web API, and this Peek has 1\.0/,
    ],
  ];

  it.each(cases)(
    "since it %s is in the catalogue with its problem, which is logged once",
    async (_, plugin, code, message) => {
      const site = await openWebSite();
      site.start(webPlugin(plugin));
      site.start(webPlugin({ plugin: "peek_plugin_other" }));
      for (let times = 0; times < 2; times += 1) {
        const { plugins } = await site.catalogue();
        const pump = plugins.find(({ name }) => name === "peek_plugin_pump");
        expect(pump).toMatchObject({
          hash: "",
          module: "",
          styles: [],
          problem: { code, message: expect.stringMatching(message) },
        });
        expect(plugins.find(({ name }) => name === "peek_plugin_other")).not.toHaveProperty("problem");
      }
      expect(site.log.lines.filter((line) => line.startsWith("error"))).toEqual([expect.stringMatching(message)]);
    },
  );

  it("is noticed with the first request for the catalogue: the start of a service reads nothing", async () => {
    const site = await openWebSite();
    site.start(webPlugin({ built: undefined }));
    expect((await site.get("/")).status).toBe(200);
    expect(site.log.lines.filter((line) => line.startsWith("error"))).toEqual([]);
    await site.catalogue();
    expect(site.log.lines.filter((line) => line.startsWith("error"))).toHaveLength(1);
  });

  it("since its folder has a link is in the catalogue with its problem", async () => {
    const site = await openWebSite();
    const module = webPlugin();
    const secret = join(temporaryFolder(), "secret");
    writeFileSync(secret, "secret");
    symlinkSync(secret, join(module.rootDir, "web/dist/link.js"));
    site.start(module);
    expect((await site.catalogue()).plugins[0]?.problem?.message).toContain("link.js is a link");
  });

  it("is well again after a build, without a new generation", async () => {
    const site = await openWebSite();
    const module = webPlugin({ built: undefined });
    site.start(module);
    expect((await site.catalogue()).plugins[0]?.problem?.code).toBe("WEB_MODULE_MISSING");
    const description = join(module.rootDir, "web/dist/peek-web.json");
    writeFileSync(description, JSON.stringify(built));
    expect((await site.catalogue()).plugins[0]).not.toHaveProperty("problem");
    rmSync(description);
    expect((await site.catalogue()).plugins[0]?.problem?.code).toBe("WEB_MODULE_MISSING");
  });
});
