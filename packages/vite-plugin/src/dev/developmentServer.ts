import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join, relative } from "node:path";
import { isWebFilePath, sharedModules, webPaths } from "@peek/web/protocol";
import type { Connect, Plugin, UserConfig } from "vite";
import type { WebTarget } from "../manifest/WebTarget.ts";
import { askSite } from "./askSite.ts";
import { developmentCatalogue } from "./developmentCatalogue.ts";
import { developmentPage, isAppPage, preamble } from "./developmentPage.ts";
import { developmentBase, developmentPaths } from "./developmentPaths.ts";
import { type DevelopmentShell, readDevelopmentShell } from "./DevelopmentShell.ts";

/** The field service's site under development. */
const defaultSite = "http://127.0.0.1:8000";

/**
 * Serves a running site with the module from its sources: Vite's server passes requests on to the site, but for the page of the app, which gets the
 * development build of the shell, and the catalogue, which names Vite's module.
 *
 * @param site The origin of the site.
 */
export function developmentServer(target: () => WebTarget, site: string | undefined): Plugin {
  const origin = new URL(site ?? process.env["PEEK_SITE"] ?? defaultSite);
  return {
    name: "peek:development",
    apply: "serve",
    config: () => serverConfig(origin, target()),
    configureServer({ middlewares, config }) {
      const { plugin, root, entry } = target();
      const module = { plugin, path: `${developmentBase}${relative(root, entry)}` };
      const shell = readDevelopmentShell();
      middlewares.use((request, response, next) => {
        void pass(request, response, next);
      });
      config.logger.info(`${plugin} from its sources, within the site at ${origin.origin}`);

      async function pass(
        request: Connect.IncomingMessage,
        response: ServerResponse,
        next: Connect.NextFunction,
      ): Promise<void> {
        try {
          if (!(await answer(request, response))) next();
        } catch (error) {
          next(error);
        }
      }

      async function answer(request: Connect.IncomingMessage, response: ServerResponse): Promise<boolean> {
        const path = new URL(request.url ?? "/", origin).pathname;
        if (request.method !== "GET") return false;
        if (path === developmentBase) {
          // The address that Vite prints.
          response.writeHead(302, { location: `${webPaths.app}${plugin}` }).end();
          return true;
        }
        if (path.startsWith(developmentPaths.shell)) {
          return await sendShellFile(shell, path.slice(developmentPaths.shell.length), response);
        }
        if (path === developmentPaths.preamble) {
          sendText(response, 200, "text/javascript", preamble);
        } else if (path === webPaths.serviceWorker) {
          // It would answer with files that it has kept.
          sendText(response, 404, "text/plain", "A dev server has no service worker.");
        } else if (path === webPaths.catalogue) {
          await sendCatalogue(request, response);
        } else if (path === "/" || path.startsWith(webPaths.app)) {
          await sendPage(request, response);
        } else {
          return false;
        }
        return true;
      }

      async function sendCatalogue(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const { status, headers, text } = await askSite(origin, request);
        response.writeHead(status, withoutLength(headers)).end(developmentCatalogue(text, module));
      }

      async function sendPage(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const { status, headers, text } = await askSite(origin, request);
        const { etag: _unchanged, ...kept } = withoutLength(headers);
        if (!isAppPage(text)) {
          response.writeHead(status, kept).end(text);
          return;
        }
        const page = developmentPage(text, String(headers["content-security-policy"] ?? ""), shell);
        const changed = { ...kept, "content-security-policy": page.policy, "cache-control": "no-store" };
        response.writeHead(status, changed).end(page.html);
      }
    },
  };
}

function serverConfig({ origin }: URL, { entry }: WebTarget): UserConfig {
  return {
    base: developmentBase,
    appType: "custom",
    // The shell provides them, also to libraries.
    optimizeDeps: { entries: [entry], exclude: [...sharedModules] },
    server: { proxy: { [`^(?!${developmentBase})`]: { target: origin, secure: false, ws: true } } },
  };
}

async function sendShellFile({ dir }: DevelopmentShell, file: string, response: ServerResponse): Promise<boolean> {
  if (!isWebFilePath(file)) return false;
  const type = file.endsWith(".css")
    ? "text/css"
    : file.endsWith(".js")
      ? "text/javascript"
      : "application/octet-stream";
  sendText(response, 200, type, await readFile(join(dir, file)));
  return true;
}

function sendText(response: ServerResponse, status: number, type: string, content: string | Buffer): void {
  response.writeHead(status, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-cache" }).end(content);
}

function withoutLength<Headers extends object>(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^(?:content-length|transfer-encoding|connection)$/.test(name)),
  ) as Headers;
}
