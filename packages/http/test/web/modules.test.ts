import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { isWebFilePath } from "@peek/web/protocol";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "@peek/kit/testing";
import { moduleText, type OpenWebSite, openWebSite, webPlugin } from "./openWebSite.ts";

/** The paths of the module and the style sheet of the pump plugin. */
async function pathsOf(site: OpenWebSite, groups = ""): Promise<{ module: string; styles: readonly string[] }> {
  const pump = (await site.catalogue(groups)).plugins.find(({ name }) => name === "peek_plugin_pump");
  if (pump === undefined) throw new Error("There is no pump.");
  return pump;
}

describe("the files of a web module", () => {
  it("never change under their path, are compressed, and have their type", async () => {
    const site = await openWebSite();
    site.start(webPlugin());
    const { module, styles } = await pathsOf(site);
    for (const encoding of ["br", "gzip", undefined]) {
      const response = await site.get(module, { headers: { "accept-encoding": encoding ?? "identity" } });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
      expect(response.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
      expect(response.headers.get("content-encoding")).toBe(encoding ?? null);
      expect(response.headers.get("vary")).toBe("accept-encoding, cookie");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(await response.text()).toBe(moduleText);
    }
    const style = await site.get(styles[0] ?? "");
    expect(style.headers.get("content-type")).toBe("text/css; charset=utf-8");
    const head = await fetch(`${site.origin}${module}`, { method: "HEAD", headers: { "x-user": "anna" } });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("are only for users in the groups of the plugin", async () => {
    const site = await openWebSite();
    site.start(webPlugin({ section: { groups: ["ops"], routes: [{ path: "", title: "P", groups: ["boss"] }] } }));
    const { module } = await pathsOf(site, "ops,boss");
    const status = async (groups: string): Promise<number> => (await site.get(module, { groups })).status;
    expect([await status("ops,boss"), await status("ops"), await status("boss"), await status("")]).toEqual([
      200, 403, 403, 403,
    ]);
    expect((await fetch(`${site.origin}${module}`)).status).toBe(401);
  });

  it("of a version before are found by the pages that have begun with it, also after a restart and a disablement", async () => {
    const filesDir = join(temporaryFolder(), "web-modules");
    const site = await openWebSite({ filesDir });
    const old = webPlugin({ section: { groups: ["ops"] } });
    const running = site.start(old);
    const { module } = await pathsOf(site, "ops");
    await running[Symbol.asyncDispose]();
    rmSync(old.rootDir, { recursive: true });
    site.start(webPlugin({ generation: 2, version: "2.0.0", files: { "assets/main.js": "next", "main.css": "" } }));
    const next = await pathsOf(site);
    expect(next.module).not.toBe(module);
    expect(await (await site.get(next.module)).text()).toBe("next");
    expect(await (await site.get(module)).text()).toBe(moduleText);
    const restarted = await openWebSite({ filesDir });
    expect(await (await restarted.get(module, { groups: "ops" })).text()).toBe(moduleText);
    expect((await restarted.get(module)).status).toBe(403);
  });

  it("of five versions before are kept, and no more", async () => {
    const site = await openWebSite();
    const paths: string[] = [];
    for (let version = 1; version <= 8; version += 1) {
      const files = { "assets/main.js": `export default ${version}`, "main.css": "" };
      const running = site.start(webPlugin({ generation: version, version: `${version}.0.0`, files }));
      paths.push((await pathsOf(site)).module);
      if (version < 8) await running[Symbol.asyncDispose]();
      await site.catalogue();
    }
    const kept = await Promise.all(paths.map(async (path) => (await site.get(path)).status === 200));
    expect(kept).toEqual([false, false, true, true, true, true, true, true]);
    expect(readdirSync(join(site.filesDir, "peek_plugin_pump"))).toHaveLength(6);
  });

  it("are served from the package when they cannot be copied, and are not cached then", async () => {
    const filesDir = join(temporaryFolder(), "file");
    writeFileSync(filesDir, "");
    const site = await openWebSite({ filesDir });
    site.start(webPlugin());
    const { module } = await pathsOf(site);
    const response = await site.get(module);
    expect([response.status, response.headers.get("cache-control"), await response.text()]).toEqual([
      200,
      "private, no-cache",
      moduleText,
    ]);
    expect(site.log.lines).toContainEqual(
      expect.stringMatching(/^warning: Failed to copy the web module of peek_plugin_pump/),
    );
    expect((await site.get(module.replace("main.js", "other.js"))).status).toBe(404);
  });

  it("that an interrupted copy has left do not take the place of others", async () => {
    const filesDir = join(temporaryFolder(), "web-modules");
    mkdirSync(join(filesDir, ".draft-1"), { recursive: true });
    const first = await openWebSite({ filesDir });
    const module = webPlugin();
    first.start(module);
    const { module: path } = await pathsOf(first);
    expect(existsSync(join(filesDir, ".draft-1"))).toBe(false);
    const hash = path.split("/").at(-3) ?? "";
    rmSync(join(filesDir, "peek_plugin_pump", hash, "audience.json"));
    rmSync(join(filesDir, "peek_plugin_pump", hash, "files", "main.css"));
    const again = await openWebSite({ filesDir });
    again.start(module);
    const { styles } = await pathsOf(again);
    expect((await again.get(styles[0] ?? "")).status).toBe(200);
  });

  it("are the only ones that a path can name", async () => {
    const site = await openWebSite();
    const module = webPlugin();
    site.start(module);
    writeFileSync(join(module.rootDir, "secret.js"), "secret");
    const { module: path } = await pathsOf(site);
    const base = path.replace("assets/main.js", "");
    const part = fc.constantFrom(
      "..",
      ".",
      "",
      "%2e%2e",
      "..%2f",
      "%2f",
      "%5c",
      "..%5c",
      "files",
      "audience.json",
      "assets",
      "main.js",
      "secret.js",
      "%00",
      "web",
      "dist",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
        const { status, body } = await rawGet(site, `${base}${parts.join("/")}`);
        if (status === 200) expect(body).toBe(moduleText);
        else expect([400, 404]).toContain(status);
      }),
      { numRuns: 200 },
    );
  });

  it("have names that are plain in every file system and every URL", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        if (!isWebFilePath(text)) return;
        expect(encodeURI(text)).toBe(text);
        expect(text.split("/").every((part) => part !== "" && !part.startsWith("."))).toBe(true);
        expect(join("/a", text)).toBe(`/a/${text}`);
      }),
    );
    expect(["a/b.js", "a-b_c.1.js"].every(isWebFilePath)).toBe(true);
    expect(
      ["", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a/.b", "a\\b", "a b", "é", "a".repeat(301)].some(isWebFilePath),
    ).toBe(false);
  });
});

/** A request whose path no client has normalized. */
async function rawGet(
  { site }: OpenWebSite,
  path: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const sent = request({ port: site.port, host: "127.0.0.1", path, headers: { "x-user": "anna" }, agent: false });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}
