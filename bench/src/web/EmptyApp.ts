import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "vite";
import { benchDir } from "../paths.ts";

const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

/** An app of React that renders one paragraph, built by Vite, and served as compressed as Peek's. */
export class EmptyApp implements AsyncDisposable {
  readonly origin: string;
  /** Its JavaScript, in bytes after gzip. */
  readonly scriptBytes: number;
  readonly #server: Server;

  private constructor(origin: string, scriptBytes: number, server: Server) {
    this.origin = origin;
    this.scriptBytes = scriptBytes;
    this.#server = server;
  }

  /** @param outDir A folder for its files. */
  static async start(outDir: string): Promise<EmptyApp> {
    const root = join(benchDir, "children", "web", "emptyApp");
    await build({
      configFile: false,
      root,
      mode: "production",
      logLevel: "warn",
      build: { outDir, emptyOutDir: true },
    });
    const names = (await readdir(outDir, { recursive: true })).filter((name) => extname(name) in types);
    const files = new Map<string, Buffer>(
      await Promise.all(names.map(async (name) => [`/${name}`, await readFile(join(outDir, name))] as const)),
    );
    const scripts = [...files].filter(([path]) => path.endsWith(".js"));
    const bytes = scripts.reduce((sum, [, content]) => sum + gzipSync(content, { level: 9 }).length, 0);
    const compressed = new Map<string, Buffer>(
      [...files].map(([path, content]) => [path, brotliCompressSync(content)]),
    );
    const server = createServer(({ url = "/" }, response) => {
      const path = url === "/" ? "/index.html" : url;
      const content = compressed.get(path);
      if (content === undefined) {
        response.writeHead(404).end();
        return;
      }
      const cache = path === "/index.html" ? "no-cache" : "public, max-age=31536000, immutable";
      const type = types[extname(path)];
      response.writeHead(200, { "content-type": type, "content-encoding": "br", "cache-control": cache }).end(content);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return new EmptyApp(`http://127.0.0.1:${port}`, bytes, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
