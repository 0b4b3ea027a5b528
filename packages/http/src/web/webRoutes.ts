import { webPaths } from "@peek/web/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { SiteSession } from "../sessions/SessionProvider.ts";
import type { HttpSiteOptions } from "../site/HttpSiteOptions.ts";
import { requireSession } from "../site/requireSession.ts";
import { sendError } from "../site/sendError.ts";
import type { SiteParts } from "../site/SiteParts.ts";
import { siteRequestOf } from "../site/SiteRequest.ts";
import { CatalogueStreams } from "./CatalogueStreams.ts";
import { failureRoute } from "./failureRoute.ts";
import { hasEtag } from "./hasEtag.ts";
import { iconRoute } from "./iconRoute.ts";
import { sendModuleFile } from "./moduleRoute.ts";
import { Shell } from "./Shell.ts";
import { shellRoutes } from "./shellRoutes.ts";
import type { SiteWeb } from "./SiteWeb.ts";
import { WebCatalogues } from "./WebCatalogues.ts";
import { WebFileStore } from "./WebFileStore.ts";
import { WebModuleLoader } from "./WebModuleLoader.ts";

/** How long requests wait for the plugins of a service that starts. */
const startMs = 20_000;
/** How often old files are looked for. */
const pruneMs = 3_600_000;

/**
 * Registers what the app of a site needs: its page and the files of the shell, the catalogue, its events, the files of modules, icons,
 * and reports of failures.
 *
 * @returns The shell, for the page at `/`.
 */
export function webRoutes(app: FastifyInstance, options: HttpSiteOptions, web: SiteWeb, { closing }: SiteParts): Shell {
  const { site, title, sessions, logger } = options;
  const { modules, version } = web;
  const store = new WebFileStore(web.filesDir, logger);
  const loader = new WebModuleLoader(store, logger);
  const canLogOut = sessions.loginHandler !== undefined;
  const catalogues = new WebCatalogues({ site, title, version, canLogOut, modules, loader, store });
  const streams = new CatalogueStreams({ modules, catalogues, sessions, startMs, ...options.limits?.events });
  const pruning = setInterval(() => void catalogues.prune(), pruneMs);
  pruning.unref();
  closing.addEventListener("abort", () => {
    clearInterval(pruning);
    streams[Symbol.dispose]();
  });
  const sessionOf = (request: FastifyRequest, reply: FastifyReply): Promise<SiteSession | undefined> =>
    requireSession(sessions, siteRequestOf(request.raw, options), request, reply);

  app.get(webPaths.catalogue, async (request, reply) => {
    const session = await sessionOf(request, reply);
    if (session === undefined) return reply;
    if (!(await modules.complete(startMs))) return sendError(reply, 503);
    await catalogues.refresh();
    const { etag, body } = catalogues.of(session.user);
    reply.header("cache-control", "private, no-cache").header("etag", etag).header("vary", "cookie");
    if (hasEtag(request.headers["if-none-match"], etag)) return reply.code(304).send();
    return reply.type("application/json; charset=utf-8").send(body());
  });
  app.get(webPaths.events, { compress: false, exposeHeadRoute: false }, async (request, reply) => {
    const session = await sessionOf(request, reply);
    if (session === undefined) return reply;
    const stream = streams.open(session);
    if (stream === undefined) return sendError(reply, 503);
    // Proxies must not collect the events.
    reply.header("cache-control", "private, no-store").header("x-accel-buffering", "no");
    return reply.type("text/event-stream; charset=utf-8").send(stream);
  });
  app.get<{ Params: { "*": string } }>(`${webPaths.modules}*`, async (request, reply) => {
    const session = await sessionOf(request, reply);
    if (session === undefined) return reply;
    return await sendModuleFile({ modules, store, catalogues }, session.user, request.params["*"], reply);
  });
  iconRoute(app, web, sessionOf);
  failureRoute(app, web, sessionOf);
  const shell = new Shell(web.shellDir, logger);
  shellRoutes(app, options, shell, sessionOf);
  return shell;
}
