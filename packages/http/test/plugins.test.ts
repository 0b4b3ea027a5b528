import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PeekError } from "@peek/errors";
import type { HttpHandler } from "@peek/plugin-base";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "@peek/kit/testing";
import { openPlugin } from "./openPlugin.ts";
import { rawRequest } from "./rawRequest.ts";

async function textOf(response: Promise<Response>): Promise<string> {
  return await (await response).text();
}

const never: HttpHandler = (_request, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));

describe("routes of a plugin", () => {
  it("call its handlers with the user, the parameters and the request", async () => {
    const { http, get, base } = await openPlugin();
    http.route("GET", "/pumps/:id", (request, { user, params }) =>
      Response.json({ url: request.url, params, user }, { status: 201, headers: { "x-own": "1" } }),
    );
    const device = "0f8fad5b-d9cb-469f-a165-70867728950e";
    const response = await get("/pumps/a%2Fb?x=1", { headers: { cookie: `peek_device=${device}` } });
    expect(response.status).toBe(201);
    expect(response.headers.get("x-own")).toBe("1");
    expect(await response.json()).toEqual({
      url: `${base}/pumps/a%2Fb?x=1`,
      params: { id: "a/b" },
      user: { id: `device:${device}`, name: "anonymous", groups: [], anonymous: true },
    });
    expect((await get("/pumps")).status).toBe(404);
    expect((await get("/pumps/")).status).toBe(404);
  });

  it("that are more specific win over others", async () => {
    const { http, get } = await openPlugin();
    const answers = (text: string) => () => new Response(text);
    http.route("GET", "/*", (_request, { params }) => new Response(`rest ${params["*"] ?? ""}`));
    http.route("GET", "/a/:b", answers("param"));
    http.route("GET", "/a/b", answers("literal"));
    expect(await textOf(get("/a/b"))).toBe("literal");
    expect(await textOf(get("/a/c"))).toBe("param");
    expect(await textOf(get("/a/c/d"))).toBe("rest a/c/d");
    expect(await textOf(get("/"))).toBe("rest ");
  });

  it("answer their own methods only, and HEAD by GET", async () => {
    const { http, get, origin } = await openPlugin();
    http.route("GET", "/x", () => new Response("text", { headers: { "x-own": "1" } }));
    const refused = await get("/x", { method: "PUT", body: "x", headers: { origin } });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    const head = await get("/x", { method: "HEAD" });
    expect([head.status, head.headers.get("x-own"), await head.text()]).toEqual([200, "1", ""]);
  });

  it.each(["identity", "br", "gzip"])("stream in both directions, with the encoding %s", async (encoding) => {
    const { http, get, origin } = await openPlugin();
    // Echoes each chunk at once.
    http.route("POST", "/echo", (request) => new Response(request.body, { headers: { "content-type": "text/plain" } }));
    const sending = new TransformStream<Uint8Array, Uint8Array>();
    const writer = sending.writable.getWriter();
    const init = {
      method: "POST",
      body: sending.readable,
      duplex: "half" as const,
      headers: { origin, "accept-encoding": encoding },
    };
    void writer.write(Buffer.from("the first part"));
    const response = await get("/echo", init);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect(await reader?.read()).toEqual({ done: false, value: "the first part" });
    await writer.write(Buffer.from("two"));
    expect(await reader?.read()).toEqual({ done: false, value: "two" });
    await writer.close();
    expect(await reader?.read()).toEqual({ done: true, value: undefined });
  });

  it.each([
    ["said at the beginning", "x".repeat(2000)],
    ["found out on the way", new Blob(["x".repeat(1000), "x".repeat(1000)]).stream()],
  ])("refuse a body that is too large, sent %s", async (_how, body) => {
    const { http, get, origin } = await openPlugin();
    const handler = async (request: Request): Promise<Response> => new Response(await request.text());
    http.route("POST", "/x", handler, { maxBodyBytes: 1500 });
    const send = (text: NonNullable<RequestInit["body"]>) =>
      get("/x", { method: "POST", body: text, duplex: "half", headers: { origin } });
    expect((await send("x".repeat(1500))).status).toBe(200);
    expect((await send(body)).status).toBe(413);
  });

  it("reveal no error to a browser, and log all of it for the plugin", async () => {
    const { http, get, log } = await openPlugin();
    http.route("GET", "/throws", () => {
      throw new Error("secret 5");
    });
    http.route("GET", "/wrong", () => ({ text: "no response" }) as unknown as Response);
    const response = await get("/throws");
    expect([response.status, await response.json()]).toEqual([
      500,
      { code: "INTERNAL", message: "The service has failed. See its log for the reason." },
    ]);
    expect((await get("/wrong")).status).toBe(500);
    expect(log.withoutDebug).toContain("error: GET /peek_plugin_pump/throws failed");
    expect(log.withoutDebug).toContain("error: GET /peek_plugin_pump/wrong returned a value that is not a Response");
  });

  it("that fail for each request log a limited number of lines", async () => {
    const { http, get, log } = await openPlugin();
    http.route("GET", "/throws", () => {
      throw new Error("again");
    });
    for (let i = 0; i < 50; i += 1) await get("/throws");
    expect(log.withoutDebug.filter((line) => line.includes("/throws failed"))).toHaveLength(10);
  });

  it("that take too long are answered with 504, and logged", async () => {
    const { http, get } = await openPlugin();
    const reason = Promise.withResolvers<unknown>();
    http.route(
      "GET",
      "/x",
      async (request, context) => {
        await Promise.allSettled([never(request, context)]);
        reason.resolve(context.signal.reason);
        return new Response("late");
      },
      { deadlineMs: 20 },
    );
    const response = await get("/x");
    expect([response.status, await response.json()]).toMatchObject([504, { code: "DEADLINE_EXCEEDED" }]);
    expect(await reason.promise).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  it("get a signal when the browser disconnects", async () => {
    const { http, get } = await openPlugin();
    const asked = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    http.route("GET", "/x", (request, context) => {
      request.signal.addEventListener("abort", () => gone.resolve());
      asked.resolve();
      return never(request, context);
    });
    const leaving = new AbortController();
    const failed = expect(get("/x", { signal: leaving.signal })).rejects.toThrow();
    await asked.promise;
    leaving.abort();
    await failed;
    await gone.promise;
  });

  it("run in the context in which they were registered", async () => {
    const { http, get } = await openPlugin();
    const context = new AsyncLocalStorage<string>();
    context.run("the plugin's", () => http.route("GET", "/x", () => new Response(context.getStore())));
    expect(await textOf(get("/x"))).toBe("the plugin's");
  });

  it("do not get the cookie of the session", async () => {
    const { http, get } = await openPlugin();
    http.route("GET", "/x", (request) => new Response(request.headers.get("cookie")));
    expect(
      await textOf(
        get("/x", { headers: { cookie: "a=1; peek_session_field=secret; b=2; __Host-peek_session_office=secret" } }),
      ),
    ).toBe("a=1; b=2");
  });

  it.each(["/x/a%00b", "/x/%00", "/x/a?q=%00", "/x/a?%00"])("are not called for a NUL character: %s", async (path) => {
    const { http, get, log } = await openPlugin();
    http.route("GET", "/x/:id", (_request, { params }) => Response.json(params));
    expect((await get(path)).status).toBe(400);
    expect((await get("/x/a%2500b?q=%2500")).status).toBe(200);
    expect(log.withoutDebug.filter((line) => line.startsWith("error"))).toEqual([]);
  });

  it("end one by one or with the plugin, which waits for running requests", async () => {
    const { http, get, stack } = await openPlugin();
    const one = http.route("GET", "/one", () => new Response("one"));
    const asked = Promise.withResolvers<void>();
    const release = Promise.withResolvers<Response>();
    const states: string[] = [];
    http.route("GET", "/two", () => {
      asked.resolve();
      return release.promise;
    });
    one[Symbol.dispose]();
    expect((await get("/one")).status).toBe(404);
    http.route("GET", "/one", () => new Response("again"));
    expect(await textOf(get("/one"))).toBe("again");
    const two = get("/two");
    await asked.promise;
    const ending = (async () => {
      await stack.disposeAsync();
      states.push("plugin has ended");
    })();
    expect((await two).status).toBe(503);
    states.push("handler ends");
    release.resolve(new Response("late"));
    await ending;
    expect(states).toEqual(["handler ends", "plugin has ended"]);
    expect((await get("/one")).status).toBe(404);
    expect(() => http.route("GET", "/three", () => new Response())).toThrow("has been stopped");
  });

  it.each(["x", "/a//b", "/../x", "/:", "/:a/:a", "/*/x", "/a?b", "/ä", `/${"x".repeat(1001)}`])(
    "cannot be at %s",
    async (path) => {
      const { http } = await openPlugin();
      const routing = (): unknown => http.route("GET", path, () => new Response());
      expect(routing).toThrow(expect.toSatisfy((error) => PeekError.is(error) && error.code === "HTTP_ROUTE_INVALID"));
    },
  );

  it("cannot be added twice for the same method and paths", async () => {
    const { http } = await openPlugin();
    http.route("GET", "/a/:b", () => new Response());
    expect(() => http.route("GET", "/a/:c", () => new Response())).toThrow("there is a route for GET already");
    expect(() => http.files("nowhere")).toThrow("the folder");
  });
});

describe("files of a plugin", () => {
  /** Sends a request of a browser that has its cookies already. */
  const device = "0f8fad5b-d9cb-469f-a165-70867728950e";
  const cookie = `peek_device=${device}; peek_user=${createHash("sha256").update(`device:${device}`).digest("hex").slice(0, 16)}`;

  function folder(): string {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "web", "assets"), { recursive: true });
    writeFileSync(join(dir, "secret.txt"), "secret");
    writeFileSync(join(dir, "web", "index.html"), `<!doctype html>${"page ".repeat(1000)}`);
    writeFileSync(join(dir, "web", "assets", "index-B4xZ_a9d.js"), "export {};");
    for (const name of ["photo-IMG_0001.jpg", "assets/guide-Chapter1.html", "assets/plain.js"]) {
      writeFileSync(join(dir, "web", name), "text");
    }
    writeFileSync(join(dir, "web", ".hidden"), "secret");
    symlinkSync(join(dir, "secret.txt"), join(dir, "web", "link.txt"));
    symlinkSync(join(dir), join(dir, "web", "up"));
    symlinkSync(join(dir, "web", "assets"), join(dir, "web", "own"));
    return dir;
  }

  it("are served with the headers for caching", async () => {
    const { http, get, site } = await openPlugin(folder());
    http.files("web");
    expect((await get("/assets/index-B4xZ_a9d.js")).headers.get("cache-control")).toBe("private, no-store");
    const page = await get("/", { headers: { "accept-encoding": "gzip, br", cookie } });
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.headers.get("cache-control")).toBe("private, no-cache");
    expect(page.headers.get("content-encoding")).toBe("br");
    expect(await page.text()).toMatch(/^<!doctype html>page /);
    const etag = page.headers.get("etag") ?? "";
    const again = [`GET ${http.base}/ HTTP/1.1`, "host: localhost", "connection: close", `if-none-match: ${etag}`];
    expect(await rawRequest(site.port, again)).toMatch(/^HTTP\/1\.1 304 /);
    const cacheOf = async (path: string): Promise<string | null> =>
      (await get(path, { headers: { cookie } })).headers.get("cache-control");
    expect(await cacheOf("/assets/index-B4xZ_a9d.js")).toBe("private, max-age=31536000, immutable");
    for (const path of ["/photo-IMG_0001.jpg", "/assets/guide-Chapter1.html", "/assets/plain.js"]) {
      expect(await cacheOf(path)).toBe("private, no-cache");
    }
    const part = await get("/", { headers: { range: "bytes=0-8" } });
    expect([part.status, await part.text()]).toEqual([206, "<!doctype"]);
    expect((await get("/own/index-B4xZ_a9d.js")).status).toBe(200);
  });

  it("answer a range that does not exist with their length", async () => {
    const { http, get } = await openPlugin(folder());
    http.files("web");
    const { status, headers } = await get("/assets/plain.js", { headers: { range: "bytes=4-" } });
    expect([status, headers.get("content-range")]).toEqual([416, "bytes */4"]);
  });

  it("redirect to their folder with a slash at the end", async () => {
    const { http, get } = await openPlugin(folder());
    http.files("web", { at: "/app" });
    for (const [path, to] of [
      ["/app?x=1", "/peek_plugin_pump/app/?x=1"],
      ["/app/assets", "/peek_plugin_pump/app/assets/"],
    ] as const) {
      const response = await get(path);
      expect([response.status, response.headers.get("location")]).toEqual([302, to]);
    }
    expect((await get("/app/")).status).toBe(200);
    expect((await get("/")).status).toBe(404);
  });

  it.each([
    "/.hidden",
    "/link.txt",
    "/up/secret.txt",
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/..%5c..%5csecret.txt",
    "//secret.txt",
    "/index.html%00.txt",
    "/assets/",
  ])("are not served at %s", async (path) => {
    const { http, site } = await openPlugin(folder());
    http.files("web");
    const answer = await rawRequest(site.port, [
      `GET /peek_plugin_pump${path} HTTP/1.1`,
      "host: localhost",
      "connection: close",
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(answer).not.toContain("secret");
  });

  it("that do not exist are the page of a single-page app, unless a page requests them", async () => {
    const { http, get } = await openPlugin(folder());
    http.files("web", { singlePage: true });
    expect(await textOf(get("/pumps/5"))).toContain("page ");
    expect(await textOf(get("/report.v2", { headers: { accept: "text/html" } }))).toContain("page ");
    expect((await get("/assets/gone-B4xZ_a9d.js")).status).toBe(404);
    expect((await get("/.hidden")).status).toBe(404);
  });
});
