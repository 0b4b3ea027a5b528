import { webPaths } from "@peek/web/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { SiteSession } from "../sessions/SessionProvider.ts";
import type { HttpSiteOptions } from "../site/HttpSiteOptions.ts";
import { requireSession } from "../site/requireSession.ts";
import { sendError } from "../site/sendError.ts";
import { siteRequestOf } from "../site/SiteRequest.ts";
import { failureRoute } from "./failureRoute.ts";
import { hasEtag } from "./hasEtag.ts";
import { iconRoute } from "./iconRoute.ts";
import { sendModuleFile } from "./moduleRoute.ts";
import { shellRoutes } from "./shellRoutes.ts";
import type { WebParts } from "./WebParts.ts";

/** Registers the requests of the app: its page and files, the catalogue, the files of modules, icons, and reports of failures. */
export function webRoutes(app: FastifyInstance, options: HttpSiteOptions, parts: WebParts): void {
  const { web, store, catalogues } = parts;
  const sessionOf = (request: FastifyRequest, reply: FastifyReply): Promise<SiteSession | undefined> =>
    requireSession(options.sessions, siteRequestOf(request.raw, options), request, reply);

  app.get(webPaths.catalogue, async (request, reply) => {
    const session = await sessionOf(request, reply);
    if (session === undefined) return reply;
    if (!(await parts.complete())) return sendError(reply, 503);
    await catalogues.refresh();
    const { etag, body } = catalogues.of(session.user);
    reply.header("cache-control", "private, no-cache").header("etag", etag).header("vary", "cookie");
    if (hasEtag(request.headers["if-none-match"], etag)) return reply.code(304).send();
    return reply.type("application/json; charset=utf-8").send(body());
  });
  app.get<{ Params: { "*": string } }>(`${webPaths.modules}*`, async (request, reply) => {
    const session = await sessionOf(request, reply);
    if (session === undefined) return reply;
    const files = { modules: web.modules, store, catalogues };
    return await sendModuleFile(files, session.user, request.params["*"], reply);
  });
  iconRoute(app, web, sessionOf);
  failureRoute(app, web, sessionOf);
  shellRoutes(app, options, parts, sessionOf);
}
