import { once } from "node:events";
import { connect } from "node:net";
import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import { PeekError } from "@peek/errors";
import { describe, expect, it } from "vitest";
import { HttpSite } from "../src/index.ts";
import { openSite } from "./openSite.ts";
import { rawRequest, upgradeLines } from "./rawRequest.ts";
import { readAnswers } from "./readAnswers.ts";

describe("a site", () => {
  it("reports that it runs, and whether it is ready, with reasons", async () => {
    let reasons: readonly string[] = ["logic cannot be reached"];
    const { origin } = await openSite({ health: () => reasons });
    expect(await (await fetch(`${origin}/healthz`)).json()).toEqual({ status: "ok", service: "field" });
    const notReady = await fetch(`${origin}/readyz`);
    expect(notReady.status).toBe(503);
    expect(await notReady.json()).toEqual({ status: "notReady", reasons });
    reasons = [];
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
  });

  it("that cannot listen names the port, its key of config.json, and a remedy", async () => {
    const { site } = await openSite();
    const opening = openSite({ port: site.port });
    await expect(opening).rejects.toSatisfy(
      (error) =>
        PeekError.is(error) &&
        error.code === "HTTP_PORT_UNUSABLE" &&
        error.message.includes(`port ${site.port}`) &&
        error.message.includes("httpServer.field.sitePort"),
    );
  });

  it("forbids framing and foreign scripts, and does not demand TLS when it has none", async () => {
    const { origin } = await openSite();
    const { headers } = await fetch(`${origin}/`);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'self'");
    expect(policy).not.toContain("upgrade-insecure-requests");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("same-origin");
    expect(headers.has("strict-transport-security")).toBe(false);
    expect(headers.has("x-powered-by")).toBe(false);
  });

  it("allows its pages to open WebSockets to the allowed origins", async () => {
    const { origin } = await openSite({ allowedOrigins: ["https://two.example", "http://three.example:8000"] });
    const policy = (await fetch(`${origin}/`)).headers.get("content-security-policy") ?? "";
    expect(policy).toContain("connect-src 'self' wss://two.example ws://three.example:8000;");
  });

  it("answers for an unknown address with a page to people and with JSON to programs", async () => {
    const { origin } = await openSite();
    const program = await fetch(`${origin}/nothing/here`);
    expect([program.status, await program.json()]).toEqual([
      404,
      { code: "NOT_FOUND", message: "This address does not exist." },
    ]);
    const person = await fetch(`${origin}/nothing/here`, { headers: { accept: "text/html" } });
    expect(person.headers.get("content-type")).toContain("text/html");
    expect(await person.text()).toContain("This address does not exist.");
    expect((await fetch(`${origin}/peek_plugin_x/%zz`)).status).toBe(400);
  });

  it("refuses malformed HTTP, and headers that are too large", async () => {
    const { site } = await openSite();
    expect(await rawRequest(site.port, ["HELLO"])).toMatch(/^HTTP\/1\.1 400 /);
    const large = `x-large: ${"x".repeat(20_000)}`;
    expect(await rawRequest(site.port, ["GET / HTTP/1.1", "host: a", large])).toMatch(/^HTTP\/1\.1 431 /);
  });

  it("closes the connection of a client that does not finish its headers", async () => {
    const { site } = await openSite({ limits: { headersMs: 100 } });
    const socket = connect(site.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("lists the pages that have a title, and redirects to a single one", async () => {
    const { origin, plugins, log } = await openSite();
    await using stack = new AsyncDisposableStack();
    const empty = await (await fetch(`${origin}/`)).text();
    expect(empty).toContain("No plugin has a page here.");
    const pump = plugins.forPlugin("peek_plugin_pump", import.meta.dirname, () => stack, log);
    pump.files(".", { title: "Pumps <&>", at: "/app" });
    const one = await fetch(`${origin}/`, { redirect: "manual" });
    expect([one.status, one.headers.get("location")]).toEqual([302, "/peek_plugin_pump/app/"]);
    const valve = plugins.forPlugin("peek_plugin_valve", import.meta.dirname, () => stack, log);
    const page = valve.files(".", { title: "Valves" });
    const two = await (await fetch(`${origin}/`)).text();
    expect(two).toContain('<a href="/peek_plugin_pump/app/">Pumps &lt;&amp;&gt;</a>');
    expect(two).toContain('<a href="/peek_plugin_valve/">Valves</a>');
    page[Symbol.dispose]();
    expect((await fetch(`${origin}/`, { redirect: "manual" })).status).toBe(302);
  });
});

describe("the target and the host of a request", () => {
  const answerTo = async (lines: readonly string[]): Promise<string> => {
    const { site, plugins, log } = await openSite();
    await using stack = new AsyncDisposableStack();
    const http = plugins.forPlugin("peek_plugin_pump", import.meta.dirname, () => stack, log);
    http.route("GET", "/x", (request) => new Response(request.url, { headers: { "x-url": request.url } }));
    return await rawRequest(site.port, [...lines, "connection: close"]);
  };

  it.each([
    ["http://localhost:9/peek_plugin_pump/x?q=http://a", "http://localhost:9/peek_plugin_pump/x?q=http://a"],
    ["HTTP://localhost/peek_plugin_pump/x", "http://localhost/peek_plugin_pump/x"],
    ["https://127.0.0.1/peek_plugin_pump/x", "http://127.0.0.1/peek_plugin_pump/x"],
  ])("may be an absolute target, which overrides the header: %s", async (target, url) => {
    const answer = await answerTo([`GET ${target} HTTP/1.1`, "host: a.localhost"]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain(`x-url: ${url}\r\n`);
  });

  it.each([
    ["GET http://evil.example/healthz HTTP/1.1", 421],
    ["GET http://localhost HTTP/1.1", 200],
    ["GET http://localhost?x HTTP/1.1", 200],
    ["OPTIONS * HTTP/1.1", 404],
    ["GET http://user@localhost/healthz HTTP/1.1", 400],
    ["GET http:///healthz HTTP/1.1", 400],
    ["GET http://localhost:99999/healthz HTTP/1.1", 400],
    ["GET ftp://localhost/healthz HTTP/1.1", 400],
    ["GET * HTTP/1.1", 400],
    ["GET localhost/healthz HTTP/1.1", 400],
  ])("%s gets %d", async (line, status) => {
    expect(await answerTo([line, "host: localhost"])).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it.each([[["localhost", "localhost"]], [["localhost", "evil.example"]], [["a/b"]], [["a b"]], [["user@localhost"]]])(
    "of the hosts %o are refused, also for a WebSocket",
    async (hosts) => {
      const { site } = await openSite();
      using _taken = site.onUpgrade("/live", (_request, socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\n"));
      const lines = hosts.map((host) => `host: ${host}`);
      const [first = "", , ...rest] = upgradeLines("/live");
      for (const request of [
        ["GET /healthz HTTP/1.1", "connection: close"],
        [first, ...rest],
      ]) {
        expect(await rawRequest(site.port, [...request, ...lines])).toMatch(/^HTTP\/1\.1 400 /);
      }
    },
  );

  it("are checked also while the response before is being sent", async () => {
    const { site, plugins, log } = await openSite();
    await using stack = new AsyncDisposableStack();
    const http = plugins.forPlugin("peek_plugin_pump", import.meta.dirname, () => stack, log);
    const answering = Promise.withResolvers<Response>();
    http.route("GET", "/x", async () => answering.promise);
    setImmediate(() => answering.resolve(new Response("one")));
    const first = [`GET ${http.base}/x HTTP/1.1`, "host: localhost"];
    const second = ["GET /healthz HTTP/1.1", "host: localhost", "host: localhost"];
    const statuses = (await readAnswers(site.port, [first, second])).map(({ status }) => status);
    expect(statuses).toEqual([200, 400]);
  });
});

describe("requests of pages of other origins", () => {
  it.each([
    [{ origin: "http://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{ origin: "https://proxy.example" }, 404],
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "same-site" }, 403],
    [{ "sec-fetch-site": "same-origin" }, 404],
    [{ referer: "http://evil.example/page" }, 403],
    [{ cookie: "peek_device=5" }, 403],
    [{}, 404],
  ])("POST with %o gets %d", async (headers, status) => {
    const { site } = await openSite({ allowedOrigins: ["https://proxy.example"] });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const answer = await rawRequest(site.port, [
      ...["POST /x HTTP/1.1", "host: a.localhost", "connection: close", "content-length: 0"],
      ...lines,
    ]);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it("are allowed from the site's own origin, also behind a trusted proxy", async () => {
    const own = { host: "a.localhost", origin: "http://a.localhost" };
    const proxied = {
      host: "localhost",
      origin: "https://outer.example",
      "x-forwarded-host": "fake.example, outer.example",
      "x-forwarded-proto": "https",
    };
    const post = async (port: number, headers: Readonly<Record<string, string>>): Promise<string | undefined> => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      const start = ["POST /x HTTP/1.1", "connection: close", "content-length: 0"];
      return /^HTTP\/1\.1 (\d+)/.exec(await rawRequest(port, [...start, ...lines]))?.[1];
    };
    const { site } = await openSite();
    expect(await post(site.port, own)).toBe("404");
    expect(await post(site.port, proxied)).toBe("403");
    const trusting = await openSite({ trustProxy: true });
    expect(await post(trusting.site.port, proxied)).toBe("404");
    expect(await post(trusting.site.port, { ...proxied, origin: "https://fake.example" })).toBe("403");
  });

  it.each([
    ["127.0.0.1", 200],
    ["localhost:8000", 200],
    ["[::1]:8000", 200],
    ["192.168.1.5", 200],
    ["proxy.example", 200],
    ["localhost.:8000", 200],
    [hostname(), 200],
    [`${hostname().split(".", 1)[0]?.toUpperCase()}:8000`, 200],
    ["evil.example:8000", 421],
  ])("for %s over the loopback interface get %d", async (host, status) => {
    const { site } = await openSite({ allowedOrigins: ["https://proxy.example"] });
    using _taken = site.onUpgrade("/live", (_request, socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\n"));
    const lines = ["GET /healthz HTTP/1.1", `host: ${host}`, "connection: close"];
    expect(await rawRequest(site.port, lines)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(await rawRequest(site.port, upgradeLines("/live", { host }))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it.each([
    ["field.example", 200],
    ["FIELD.example:8000", 200],
    ["proxy.example", 200],
    ["localhost", 200],
    ["192.168.1.5", 200],
    [hostname(), 200],
    ["evil.example", 421],
    ["field.example.evil.example", 421],
  ])("for %s, to a site with configured names, get %d also by a proxy", async (host, status) => {
    const { site } = await openSite({
      allowedHosts: ["Field.example"],
      allowedOrigins: ["https://proxy.example"],
      trustProxy: true,
    });
    const lines = ["GET /healthz HTTP/1.1", "host: 127.0.0.1", `x-forwarded-host: ${host}`, "connection: close"];
    expect(await rawRequest(site.port, lines)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it("for another host name are logged with the key of config.json", async () => {
    const { site, log } = await openSite();
    await rawRequest(site.port, ["GET /healthz HTTP/1.1", "host: evil.example", "connection: close"]);
    expect(log.withoutDebug.at(-1)).toContain("http://evil.example was refused");
    expect(log.withoutDebug.at(-1)).toContain("httpServer.field.allowedHosts");
  });

  it("are logged with a limited number of lines", async () => {
    const { origin, log } = await openSite();
    for (let i = 0; i < 50; i += 1) {
      await fetch(`${origin}/x?secret=5`, { method: "POST", headers: { origin: "http://evil.example" } });
    }
    const lines = log.withoutDebug.filter((line) => line.includes("evil.example"));
    expect(lines.length).toBe(10);
    expect(log.lines.join()).not.toContain("secret");
  });
});

describe("upgrades", () => {
  it("are passed to the handler of the path, with the session", async () => {
    const { site, origin } = await openSite();
    using _taken = site.onUpgrade("/live", (_request, socket, _head, { user }) => {
      socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${user.id}`);
    });
    const device = "0f8fad5b-d9cb-469f-a165-70867728950e";
    const answer = await rawRequest(
      site.port,
      upgradeLines("/live", { cookie: `peek_device=${device}`, host: new URL(origin).host, origin }),
    );
    expect(answer).toBe(`HTTP/1.1 101 Switching Protocols\r\n\r\ndevice:${device}`);
  });

  it.each([
    ["/other", {}, 404],
    ["/live", { origin: "http://evil.example" }, 403],
    ["/live", { cookie: "peek_device=x" }, 403],
  ])("of %s with %o are refused with %d", async (path, headers, status) => {
    const { site } = await openSite();
    using _taken = site.onUpgrade("/live", (_request, socket) => socket.destroy());
    expect(await rawRequest(site.port, upgradeLines(path, headers))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it("to other protocols are ignored, and the request is answered", async () => {
    const { site } = await openSite();
    const lines = upgradeLines("/healthz", { upgrade: "h2c", connection: "Upgrade, close" });
    expect(await rawRequest(site.port, lines)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("are refused when their handler is removed", async () => {
    const { site } = await openSite();
    site.onUpgrade("/live", (_request, socket) => socket.destroy())[Symbol.dispose]();
    expect(await rawRequest(site.port, upgradeLines("/live"))).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe("the end of a site", () => {
  it("answers running requests, accepts no new ones, and closes the remaining connections", async () => {
    const { site, origin, plugins, log } = await openSite();
    await using stack = new AsyncDisposableStack();
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    plugins
      .forPlugin("peek_plugin_pump", ".", () => stack, log)
      .route("GET", "/slow", () => {
        asked.resolve();
        return answer.promise;
      });
    const upgraded = connect(site.port, "127.0.0.1");
    site.onUpgrade("/live", (_request, socket) => void socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
    upgraded.write(`${upgradeLines("/live").join("\r\n")}\r\n\r\n`);
    await once(upgraded, "data");
    const slow = fetch(`${origin}/peek_plugin_pump/slow`);
    await asked.promise;
    const cut = once(upgraded, "close");
    upgraded.resume();
    const ending = site[Symbol.asyncDispose]();
    await expect(fetch(`${origin}/healthz`)).rejects.toThrow();
    answer.resolve(new Response("late"));
    expect(await (await slow).text()).toBe("late");
    await ending;
    await cut;
  });

  it("does not wait for an endless response", async () => {
    const { site, origin, plugins, log } = await openSite({ limits: { drainMs: 50 } });
    const stack = new AsyncDisposableStack();
    const asked = Promise.withResolvers<void>();
    plugins
      .forPlugin("peek_plugin_pump", ".", () => stack, log)
      .route("GET", "/never", (_request, { signal }) => {
        asked.resolve();
        return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("gone"))));
      });
    const never = fetch(`${origin}/peek_plugin_pump/never`);
    const failed = expect(never).rejects.toThrow();
    await asked.promise;
    await site[Symbol.asyncDispose]();
    await failed;
    await stack.disposeAsync();
  });

  it("frees its port", async () => {
    const { site } = await openSite();
    const { port } = site;
    await site[Symbol.asyncDispose]();
    const { site: next } = await openSite({ port });
    expect(next).toBeInstanceOf(HttpSite);
  });
});
