import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { HttpHandler } from "@peek/plugin-base";
import { describe, expect, it, onTestFinished } from "vitest";
import { openPlugin } from "./openPlugin.ts";
import { type RawAnswer, readAnswer, readAnswers } from "./readAnswers.ts";
import type { TestLog } from "@peek/kit/testing";

const json = JSON.stringify({ pumps: Array.from({ length: 200 }, (_, id) => ({ id, name: `pump ${id}` })) });

/** Starts a server that a handler fetches from. Returns its URL. */
async function upstream(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
}

const encoders = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };

async function encodingUpstream(encoding: keyof typeof encoders, text = json): Promise<string> {
  const body = encoders[encoding](text);
  return await upstream((_request, response) => {
    response.writeHead(200, {
      "content-type": "application/json",
      "content-encoding": encoding,
      "content-length": body.length,
      "keep-alive": "timeout=1",
      connection: "keep-alive, x-hop",
      "x-hop": "1",
      "x-end": "1",
    });
    response.end(body);
  });
}

/** Sends a request to a handler, and another request on the same connection. */
async function askTwice(
  handler: HttpHandler,
  method = "GET",
  headers: readonly string[] = [],
): Promise<{ readonly first: RawAnswer; readonly second: RawAnswer | undefined; readonly errors: readonly string[] }> {
  const { http, site, log } = await openPlugin();
  http.route("GET", "/x", handler);
  const [first, second] = await readAnswers(site.port, [
    [`${method} ${http.base}/x HTTP/1.1`, "host: localhost", ...headers],
    ["GET /healthz HTTP/1.1", "host: localhost", "connection: close"],
  ]);
  if (first === undefined) throw new Error("There was no answer");
  return { first, second, errors: errorsOf(log) };
}

function errorsOf({ withoutDebug }: TestLog): readonly string[] {
  return withoutDebug.filter((line) => line.startsWith("error"));
}

const healthy = { status: 200, body: Buffer.from('{"status":"ok","service":"field"}') };

function streamOf(...parts: readonly (string | Error)[]): ReadableStream<Uint8Array> {
  const rest = [...parts];
  return new ReadableStream({
    pull: (controller) => {
      const part = rest.shift();
      if (part === undefined) controller.close();
      else if (typeof part === "string") controller.enqueue(Buffer.from(part));
      else controller.error(part);
    },
  });
}

describe("a response that a handler has fetched", () => {
  it.each(["gzip", "deflate", "br", "zstd"] as const)("is decoded once when it was encoded as %s", async (encoding) => {
    const url = await encodingUpstream(encoding);
    const { first, second } = await askTwice(() => fetch(url));
    expect(first.body.toString()).toBe(json);
    expect(first.headers.get("content-encoding")).toBeUndefined();
    expect(first.headers.get("content-type")).toBe("application/json");
    expect(second).toMatchObject(healthy);
  });

  it.each(["gzip", "deflate", "br", "zstd"] as const)(
    "is decoded once, also when its headers were copied: %s",
    async (encoding) => {
      for (const text of [json, "[1,2]", '{"a":1}', "hello"]) {
        const url = await encodingUpstream(encoding, text);
        const { first, second } = await askTwice(async () => {
          const { body, headers, status } = await fetch(url);
          return new Response(body, { headers, status });
        });
        expect([first.body.toString(), first.headers.get("content-encoding")]).toEqual([text, undefined]);
        expect(second).toMatchObject(healthy);
      }
    },
  );

  it("is compressed again for a browser that accepts it", async () => {
    const url = await encodingUpstream("gzip");
    const { http, get } = await openPlugin();
    http.route("GET", "/x", () => fetch(url));
    const response = await get("/x", { headers: { "accept-encoding": "br" } });
    expect([response.headers.get("content-encoding"), await response.text()]).toEqual(["br", json]);
  });

  it("does not have headers of its own connection", async () => {
    const url = await encodingUpstream("gzip");
    const { first } = await askTwice(() => fetch(url));
    const names = [...first.headers.keys()];
    expect(names).toContain("x-end");
    expect(names).not.toContain("x-hop");
    expect(first.headers.get("keep-alive")).not.toBe("timeout=1");
    expect(first.headers.get("connection")).toBe("keep-alive");
  });

  it("may have no body", async () => {
    const url = await upstream((request, response) => {
      if (request.method === "HEAD") response.writeHead(200, { "content-length": 5000, "content-encoding": "gzip" });
      else response.writeHead(request.url === "/304" ? 304 : 204, { etag: '"1"' });
      response.end();
    });
    for (const [path, method, status] of [
      ["204", "GET", 204],
      ["304", "GET", 304],
      ["", "HEAD", 200],
    ] as const) {
      const { first, second } = await askTwice(() => fetch(`${url}${path}`, { method }));
      expect([first.status, first.body.length]).toEqual([status, 0]);
      expect(second).toMatchObject(healthy);
    }
  });

  it("that ends too early closes the connection, so that the browser notices", async () => {
    const url = await upstream((_request, response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write("x".repeat(500), () => response.destroy());
    });
    const { first, second, errors } = await askTwice(() => fetch(url));
    expect([first.isWhole, second]).toEqual([false, undefined]);
    expect(errors).toEqual([
      "error: GET /peek_plugin_pump/x failed in the middle of its body; the connection was closed",
    ]);
  });
});

describe("a header of a handler about the length or the connection", () => {
  it.each([
    ["too short", "3"],
    ["too long", "500"],
    ["none", "many"],
    ["said twice", "5, 5"],
  ])("is not passed on: a length that is %s", async (_what, length) => {
    for (const body of ["hello", streamOf("hel", "lo")]) {
      const headers = { "content-length": length };
      const { first, second } = await askTwice(() => new Response(body, { headers }));
      expect([first.isWhole, first.body.toString()]).toEqual([true, "hello"]);
      expect(second).toMatchObject(healthy);
    }
  });

  it.each(["GET", "HEAD"])(
    "leaves no bytes on the connection after a response without a body to %s",
    async (method) => {
      const headers = { "content-length": "4", "transfer-encoding": "chunked", trailer: "x", te: "trailers" };
      for (const [status, handler] of [
        [204, () => new Response(null, { status: 204, headers })],
        [304, () => new Response(null, { status: 304, headers })],
        [205, () => new Response(null, { status: 205, headers })],
        [200, () => new Response(null, { headers })],
      ] as const) {
        const { first, second } = await askTwice(handler, method);
        expect([first.status, first.body.length, first.headers.get("trailer")]).toEqual([status, 0, undefined]);
        expect(second).toMatchObject(healthy);
      }
      const { first, second } = await askTwice(() => new Response("hello", { headers }), method);
      expect(first.body.toString()).toBe(method === "HEAD" ? "" : "hello");
      expect(second).toMatchObject(healthy);
    },
  );

  it("is not passed on: upgrade, keep-alive, transfer-encoding, and headers that connection names", async () => {
    const { first, second } = await askTwice(
      () =>
        new Response("hello", {
          headers: {
            connection: "close, X-One",
            "x-one": "1",
            "x-two": "2",
            upgrade: "h2c",
            "transfer-encoding": "gzip",
            "keep-alive": "timeout=1",
          },
        }),
    );
    expect(first.body.toString()).toBe("hello");
    expect(first.headers.get("x-two")).toBe("2");
    expect(first.headers.has("x-one") || first.headers.has("upgrade")).toBe(false);
    expect(second).toMatchObject(healthy);
  });
});

describe("a body that a handler has encoded itself", () => {
  it.each(["gzip", "deflate", "br", "zstd"] as const)("is sent unchanged: %s", async (encoding) => {
    for (const text of ["5", json, "x".repeat(5_000_000)]) {
      const body = encoders[encoding](text);
      const { first, second } = await askTwice(() => new Response(body, { headers: { "content-encoding": encoding } }));
      expect([first.headers.get("content-encoding"), first.body.equals(body)]).toEqual([encoding, true]);
      expect(second).toMatchObject(healthy);
    }
  });
});

describe("a body that fails", () => {
  it.each(["identity", "br"])("before its first byte is answered with 500, in the encoding %s", async (encoding) => {
    const { first, second, errors } = await askTwice(() => new Response(streamOf(new Error("secret 5"))), "GET", [
      `accept-encoding: ${encoding}`,
    ]);
    expect([first.status, first.headers.get("content-encoding")]).toEqual([500, undefined]);
    expect(first.body.toString()).toContain('"INTERNAL"');
    expect(second).toMatchObject(healthy);
    expect(errors).toEqual(["error: GET /peek_plugin_pump/x failed"]);
  });

  it.each(["identity", "br"])("after its first byte closes the connection, in the encoding %s", async (encoding) => {
    const { http, site, log } = await openPlugin();
    const failing = Promise.withResolvers<void>();
    http.route("GET", "/x", () => {
      const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
        controller.enqueue(Buffer.from("the first part"));
        failing.promise.catch((error: unknown) => controller.error(error));
      };
      return new Response(new ReadableStream({ start }));
    });
    const socket = connect(site.port, "127.0.0.1");
    const received = buffer(socket);
    const lines = [`GET ${http.base}/x HTTP/1.1`, "host: localhost", `accept-encoding: ${encoding}`];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    await once(socket, "data");
    failing.reject(new Error("secret 5"));
    const { answer } = readAnswer(await received, "GET");
    expect(answer).toMatchObject({ status: 200, isWhole: false });
    expect(answer.body.toString()).not.toContain("secret");
    expect(errorsOf(log)).toEqual([
      "error: GET /peek_plugin_pump/x failed in the middle of its body; the connection was closed",
    ]);
  });

  it("before its first byte is answered with 500, without the headers of the failed response", async () => {
    const headers = {
      "content-type": "text/plain",
      etag: '"1"',
      "content-disposition": "attachment",
      "set-cookie": "a=1",
    };
    const { first, second } = await askTwice(
      () => new Response(streamOf("x", new Error("secret 5")), { headers }),
      "GET",
      ["accept-encoding: br"],
    );
    expect(first.status).toBe(500);
    expect(first.headers.get("content-type")).toBe("application/json; charset=utf-8");
    for (const name of ["content-encoding", "etag", "content-disposition"]) expect(first.headers.has(name)).toBe(false);
    expect(second).toMatchObject(healthy);
  });

  it("is logged when it has been read already, is not a stream of bytes, or is Response.error()", async () => {
    const numbers = new ReadableStream({
      start: (controller) => {
        controller.enqueue(5);
        controller.close();
      },
    });
    const read = async (): Promise<Response> => {
      const response = new Response("x");
      await response.text();
      return response;
    };
    for (const handler of [() => new Response(numbers), read, () => Response.error()]) {
      const { first, second, errors } = await askTwice(handler);
      expect(first.status).toBe(500);
      expect(second).toMatchObject(healthy);
      expect(errors).toHaveLength(1);
    }
  });

  it("is cancelled when the browser disconnects, also while it waits for data", async () => {
    const { http, site, log } = await openPlugin();
    const cancelled = Promise.withResolvers<void>();
    http.route("GET", "/x", () => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Buffer.from("one")),
        cancel: () => cancelled.resolve(),
      });
      return new Response(body);
    });
    const socket = connect(site.port, "127.0.0.1");
    socket.write(`GET ${http.base}/x HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await once(socket, "data");
    socket.destroy();
    await cancelled.promise;
    expect(errorsOf(log)).toEqual([]);
  });

  it("is not complete for the browser when the plugin is stopped", async () => {
    const { http, site, stack } = await openPlugin();
    http.route("GET", "/x", () => {
      const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(Buffer.from("one")) });
      return new Response(body);
    });
    const socket = connect(site.port, "127.0.0.1");
    const received = buffer(socket);
    socket.write(`GET ${http.base}/x HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await once(socket, "data");
    await stack.disposeAsync();
    const { answer } = readAnswer(await received, "GET");
    expect(answer).toMatchObject({ status: 200, isWhole: false });
  });
});
