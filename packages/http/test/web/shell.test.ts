import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { webPaths } from "@peek/web/protocol";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { temporaryFolder } from "@peek/kit/testing";
import { AnonymousSessionProvider } from "../../src/index.ts";
import { lucideIcons, openWebSite } from "./openWebSite.ts";

const built = {
  format: 1,
  hash: "h1",
  imports: { react: "assets/react.js", "@peek/web": "assets/web.js" },
  module: "assets/main.js",
  styles: ["assets/main.css"],
  preloads: ["assets/react.js"],
  serviceWorker: "service-worker.js",
};
const manifestSchema = z.object({
  name: z.string(),
  display: z.string(),
  start_url: z.string(),
  icons: z.array(z.object({ src: z.string(), type: z.string() })).min(1),
});
const mainText = "import 'react';";

/** A folder with a built shell. */
function shellFolder(description: unknown = built): string {
  const dir = temporaryFolder();
  const files = {
    "shell.json": JSON.stringify(description),
    "assets/main.js": mainText,
    "assets/main.js.br": brotliCompressSync(mainText),
    "assets/main.css": "p {}",
    "service-worker.js": "self;",
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  return dir;
}

describe("the page of the app", () => {
  it.each(["/", "/app/", "/app/peek_plugin_pump/rows/1?x=1"])("is at %s, without data of the user", async (path) => {
    const site = await openWebSite({ shellDir: shellFolder() });
    const page = await site.get(path, { headers: { accept: "text/html" } });
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("cache-control")).toBe("private, no-cache");
    const html = await page.text();
    expect(html).toContain("<title>Peek field</title>");
    expect(html).toContain('<script type="module" src="/peek/web/shell/h1/assets/main.js"></script>');
    expect(html).toContain('<link rel="stylesheet" href="/peek/web/shell/h1/assets/main.css">');
    expect(html).toContain('<link rel="modulepreload" href="/peek/web/shell/h1/assets/react.js">');
    expect(await (await site.get(path, { user: "berta" })).text()).toBe(html);
    const etag = page.headers.get("etag") ?? "";
    expect((await site.get(path, { headers: { "if-none-match": etag } })).status).toBe(304);
  });

  it("has an import map, the only inline script that its policy allows", async () => {
    const site = await openWebSite({ shellDir: shellFolder() });
    const page = await site.get("/app/");
    const map = /<script type="importmap">(.*?)<\/script>/.exec(await page.text())?.[1] ?? "";
    expect(JSON.parse(map)).toEqual({
      imports: { react: "/peek/web/shell/h1/assets/react.js", "@peek/web": "/peek/web/shell/h1/assets/web.js" },
    });
    const digest = createHash("sha256").update(map).digest("base64");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain(`script-src 'self' 'sha256-${digest}';`);
    expect(policy).toContain("frame-ancestors 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    const other = (await site.get(webPaths.catalogue)).headers.get("content-security-policy") ?? "";
    expect(other).toContain("script-src 'self';");
    expect(other).not.toContain("trusted-types");
  });

  it("may be in frames of allowed origins, and take texts as HTML where the site allows it", async () => {
    const shellDir = shellFolder();
    const strict = await (await openWebSite({ shellDir })).get("/app/");
    expect(strict.headers.get("x-frame-options")).toBe("SAMEORIGIN");
    const options = { shellDir, trustedTypes: false, frameOrigins: ["https://portal.example"] };
    const { headers } = await (await openWebSite(options)).get("/app/");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("frame-ancestors 'self' https://portal.example");
    expect(policy).not.toContain("trusted-types");
    expect(headers.has("x-frame-options")).toBe(false);
  });

  it("leads to the login and back, without a session", async () => {
    const { origin } = await openWebSite({ shellDir: shellFolder() });
    const headers = { accept: "text/html" };
    const answer = await fetch(`${origin}/app/peek_plugin_pump/rows?id=1`, { headers, redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([
      303,
      "/peek/login?return=%2Fapp%2Fpeek_plugin_pump%2Frows%3Fid%3D1",
    ]);
  });

  it("is replaced by the list of pages where no shell is built, with one warning, until it is built", async () => {
    const dir = join(temporaryFolder(), "dist");
    const site = await openWebSite({ shellDir: dir });
    for (let times = 0; times < 2; times += 1) {
      expect(await (await site.get("/")).text()).toContain("No plugin has a page here.");
    }
    expect((await site.get("/app/")).status).toBe(404);
    expect(site.log.lines.filter((line) => line.startsWith("warning"))).toEqual([
      expect.stringContaining("The app of the site is not built"),
    ]);
    mkdirSync(dir);
    writeFileSync(join(dir, "shell.json"), JSON.stringify(built));
    expect((await site.get("/app/")).status).toBe(200);
  });

  it("is not made of a malformed shell.json", async () => {
    const site = await openWebSite({ shellDir: shellFolder({ ...built, module: '"><script>' }) });
    expect((await site.get("/app/")).status).toBe(404);
    expect(site.log.lines).toContainEqual(expect.stringContaining("a relative path of plain names"));
  });
});

describe("the files of the shell", () => {
  it("never change under their path, and are sent as the build has compressed them", async () => {
    const site = await openWebSite({ shellDir: shellFolder() });
    const path = `${webPaths.shell}h1/assets/main.js`;
    const compressed = await site.get(path, { headers: { "accept-encoding": "br, gzip" } });
    expect(compressed.headers.get("content-encoding")).toBe("br");
    expect(compressed.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
    expect(await compressed.text()).toBe(mainText);
    const plain = await site.get(path, { headers: { "accept-encoding": "identity" } });
    expect([plain.headers.get("content-encoding"), await plain.text()]).toEqual([null, mainText]);
  });

  it("need a session and the present hash, and are the only ones", async () => {
    const site = await openWebSite({ shellDir: shellFolder() });
    const status = async (path: string): Promise<number> => (await site.get(`${webPaths.shell}${path}`)).status;
    expect(await status("h1/assets/main.css")).toBe(200);
    expect(await status("h2/assets/main.css")).toBe(404);
    expect(await status("h1/assets/gone.css")).toBe(404);
    expect(await status("h1/..%2f..%2fpackage.json")).toBe(404);
    expect((await fetch(`${site.origin}${webPaths.shell}h1/assets/main.css`)).status).toBe(401);
  });

  it("of the version before are found by pages that were opened before an upgrade of Peek", async () => {
    const filesDir = join(temporaryFolder(), "web-modules");
    const old = await openWebSite({ filesDir, shellDir: shellFolder() });
    expect((await old.get("/")).status).toBe(200);
    const upgraded = await openWebSite({ filesDir, shellDir: shellFolder({ ...built, hash: "h2" }) });
    expect(await (await upgraded.get("/")).text()).toContain("/shell/h2/assets/main.js");
    const file = await upgraded.get(`${webPaths.shell}h1/assets/main.js`, { headers: { "accept-encoding": "br" } });
    expect([file.status, file.headers.get("content-encoding"), await file.text()]).toEqual([200, "br", mainText]);
    expect((await upgraded.get(`${webPaths.shell}h0/assets/main.js`)).status).toBe(404);
    expect((await upgraded.get(`${webPaths.shell}..%2fshell%2fh1/files/assets/main.js`)).status).toBe(404);
  });

  it("include a service worker for the whole site, which is asked for each time", async () => {
    const site = await openWebSite({ shellDir: shellFolder() });
    const worker = await site.get(webPaths.serviceWorker);
    expect(worker.headers.get("service-worker-allowed")).toBe("/");
    expect(worker.headers.get("cache-control")).toBe("private, no-cache");
    expect(worker.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(await worker.text()).toBe("self;");
  });
});

describe("an app", () => {
  it("is installable: its manifest and its icon need no session", async () => {
    const { origin } = await openWebSite({ title: "Peek <office>" });
    const manifest = await fetch(`${origin}${webPaths.webManifest}`);
    expect(manifest.headers.get("content-type")).toBe("application/manifest+json; charset=utf-8");
    const { name, display, start_url, icons } = manifestSchema.parse(await manifest.json());
    expect([name, display, start_url]).toEqual(["Peek <office>", "standalone", "/"]);
    for (const { src, type } of icons) {
      const icon = await fetch(`${origin}${src}`);
      expect([icon.status, icon.headers.get("content-type")?.split(";")[0]]).toEqual([200, type]);
    }
    for (const file of ["peek-1.png", "..%2fpackage.json", "peek-192.png%00"]) {
      expect((await fetch(`${origin}${webPaths.appIcons}${file}`)).ok).toBe(false);
    }
  });

  it("gets the icons of Lucide by their names, also by former ones", async () => {
    const site = await openWebSite();
    const icon = async (name: string): Promise<Response> => await site.get(`${webPaths.icons}${name}`);
    expect(await (await icon("table.svg")).text()).toMatch(/^<svg xmlns[^>]+viewBox="0 0 24 24"[^>]*><.*currentColor/s);
    expect((await icon("alert-circle.svg")).headers.get("content-type")).toBe("image/svg+xml; charset=utf-8");
    for (const name of ["no-such-icon.svg", "constructor.svg", "table", "..%2ftable.svg"]) {
      expect((await icon(name)).status).toBe(404);
    }
    expect((await fetch(`${site.origin}${webPaths.icons}table.svg`)).status).toBe(401);
  });

  it("gets icons as soon as their file can be read", async () => {
    const iconsFile = join(temporaryFolder(), "icons.json");
    const site = await openWebSite({ iconsFile });
    expect((await site.get(`${webPaths.icons}table.svg`)).status).toBe(500);
    copyFileSync(lucideIcons, iconsFile);
    expect((await site.get(`${webPaths.icons}table.svg`)).status).toBe(200);
  });

  it("has no login on a site without one", async () => {
    const site = await openWebSite({ sessions: new AnonymousSessionProvider() });
    const { canLogOut, user } = await site.catalogue();
    expect([canLogOut, user.anonymous]).toEqual([false, true]);
  });
});
