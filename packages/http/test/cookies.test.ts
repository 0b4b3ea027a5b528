import { createHash } from "node:crypto";
import { expect, it, onTestFinished } from "vitest";
import { openSite, type OpenSite } from "./openSite.ts";
import { rawRequest, upgradeLines } from "./rawRequest.ts";

const device = "0f8fad5b-d9cb-469f-a165-70867728950e";
const mark = createHash("sha256").update(`device:${device}`).digest("hex").slice(0, 16);

/** A site with a plugin that has one route. */
async function openRoute(headers: Readonly<Record<string, string>> = {}): Promise<OpenSite & { readonly url: string }> {
  const site = await openSite();
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const http = site.plugins.forPlugin("peek_plugin_pump", import.meta.dirname, () => stack, site.log);
  http.route("GET", "/x", () => new Response("x", { headers }));
  return { ...site, url: `${site.origin}${http.base}/x` };
}

async function userAt(origin: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const own = { host: new URL(origin).host, origin };
  const answer = await rawRequest(Number(new URL(origin).port), upgradeLines(path, { ...own, ...headers }));
  return answer.split("\r\n\r\n").at(-1) ?? "";
}

it("pages can read a mark of the user, which does not reveal the user", async () => {
  const { url, origin } = await openRoute();
  const first = await fetch(url);
  const cookies = first.headers.getSetCookie();
  const own = /^peek_device=([^;]+)/.exec(cookies[0] ?? "")?.[1] ?? "";
  const ownMark = createHash("sha256").update(`device:${own}`).digest("hex").slice(0, 16);
  expect(cookies[1]).toBe(`peek_user=${ownMark}; Max-Age=34560000; Path=/; SameSite=Lax`);
  const missing = await fetch(url, { headers: { cookie: `peek_device=${device}` } });
  expect(missing.headers.getSetCookie()).toEqual([expect.stringMatching(new RegExp(`^peek_user=${mark};`))]);
  const other = await fetch(`${origin}/peek/session`, {
    headers: { cookie: `peek_device=${device}; peek_user=${"0".repeat(16)}` },
  });
  expect(other.headers.getSetCookie()).toEqual([expect.stringMatching(new RegExp(`^peek_user=${mark};`))]);
  const known = await fetch(url, { headers: { cookie: `peek_device=${device}; peek_user=${mark}` } });
  expect(known.headers.getSetCookie()).toEqual([]);
});

it("responses with cookies must not be stored by shared caches", async () => {
  const known = { cookie: `peek_device=${device}; peek_user=${mark}` };
  const { url } = await openRoute();
  expect((await fetch(url)).headers.get("cache-control")).toBe("private, no-store");
  expect((await fetch(url, { headers: known })).headers.get("cache-control")).toBe("private, no-cache");
  const shared = await openRoute({ "cache-control": "public, max-age=60" });
  expect((await fetch(shared.url)).headers.get("cache-control")).toBe("private, no-store");
  expect((await fetch(shared.url, { headers: known })).headers.get("cache-control")).toBe("public, max-age=60");
});

it("a WebSocket without cookies may claim a device; a cookie overrides the claim, and a page's claim is ignored", async () => {
  const { site, origin, url } = await openRoute();
  using _taken = site.onUpgrade("/live", (_request, socket, _head, { user }) => {
    socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${user.id}`);
  });
  const other = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
  expect(await userAt(origin, `/live?a=1&device=${device}`)).toBe(`device:${device}`);
  expect(await userAt(origin, `/live?device=${device}`, { cookie: `peek_device=${other}` })).toBe(`device:${other}`);
  expect(await userAt(origin, "/live?device=../x")).toMatch(/^device:[\da-f-]{36}$/);
  const page = await fetch(`${url}?device=${device}`);
  expect(page.headers.getSetCookie().join()).not.toContain(device);
});
