import { constants } from "node:zlib";
import fastifyCompress from "@fastify/compress";
import fastifyHelmet from "@fastify/helmet";
import fastifyStatic from "@fastify/static";
import { messageOf } from "@peek/errors";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { PluginRouter } from "../plugin/PluginRouter.ts";
import { answerPluginRequest } from "../plugin/answerPluginRequest.ts";
import { loginRoutes } from "../sessions/loginRoutes.ts";
import { sendShellPage } from "../web/shellRoutes.ts";
import { webRoutes } from "../web/webRoutes.ts";
import type { RequestFailureLog } from "./RequestFailureLog.ts";
import type { HttpSiteOptions } from "./HttpSiteOptions.ts";
import type { SiteParts } from "./SiteParts.ts";
import { hostRulesOf, isMisdirected } from "./isMisdirected.ts";
import { isForbiddenCrossOrigin } from "./isForbiddenCrossOrigin.ts";
import { sendError } from "./sendError.ts";
import { requireSession } from "./requireSession.ts";
import { securityHeaders } from "./securityHeaders.ts";
import { siteRequestOf } from "./SiteRequest.ts";
import { startPage } from "./startPage.ts";
import { crossOriginMessage, misdirectedLogText, misdirectedMessage } from "./refusalMessages.ts";

/** The application of a site. A server of its own hands it requests, by `routing()`, once it is ready. */
export function createSiteApp(options: HttpSiteOptions, parts: SiteParts): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: 64 * 1024,
    // Plugins' routes are matched by PluginRouter.
    routerOptions: { maxParamLength: 16 * 1024 },
    exposeHeadRoutes: true,
    frameworkErrors: (_error, _request, reply) => void sendError(reply as FastifyReply, 400),
  });
  app.removeAllContentTypeParsers();
  void app.register(fastifyHelmet, securityHeaders(options));
  void app.register(fastifyCompress, compression);
  void app.register(fastifyStatic, { serve: false });
  app.setNotFoundHandler((_request, reply) => sendError(reply, 404));
  app.setErrorHandler((error, request, reply) => failed(error, request, reply, parts.failures));
  addHooks(app, options, parts);
  // As a plugin: so the plugins above are loaded first.
  void app.register(async (inner) => addRoutes(inner, options, parts));
  return app;
}

/** Each write is flushed at once: the next part of a stream may come a minute later. */
const compression = {
  encodings: ["br" as const, "gzip" as const],
  globalDecompression: false,
  brotliOptions: {
    flush: constants.BROTLI_OPERATION_FLUSH,
    params: { [constants.BROTLI_PARAM_QUALITY]: 4 },
  },
  zlibOptions: { flush: constants.Z_SYNC_FLUSH },
};

function addHooks(app: FastifyInstance, options: HttpSiteOptions, parts: SiteParts): void {
  const { logger } = options;
  const { allowedOrigins, failures, isDraining } = parts;
  const hosts = hostRulesOf(options);
  app.addHook("onRequest", async (request, reply) => {
    if (isDraining()) reply.header("connection", "close");
    const site = siteRequestOf(request.raw, options);
    if (isMisdirected(request.raw.socket, site, hosts)) {
      failures.log({ address: site.address }, misdirectedLogText, site.origin, site.site);
      await sendError(reply, 421, misdirectedMessage);
      return;
    }
    if (!isForbiddenCrossOrigin(request.method, site, allowedOrigins)) return;
    const from = site.headers.origin ?? "a page of unknown origin";
    const path = pathOf(request);
    failures.log(
      { address: site.address },
      "%s %s was refused: %s is not an allowed origin",
      request.method,
      path,
      from.slice(0, 200),
    );
    await sendError(reply, 403, crossOriginMessage);
  });
  app.addHook("onSend", async (_request, reply) => {
    // Overrides plugins: a shared cache would hand the cookies of one browser to others.
    if (reply.hasHeader("set-cookie")) reply.header("cache-control", "private, no-store");
  });
  app.addHook("onResponse", async (request, reply) => {
    const ms = Math.round(reply.elapsedTime);
    logger.debug("%s %s %s: %d, %d ms", request.ip, request.method, pathOf(request), reply.statusCode, ms);
  });
}

async function addRoutes(app: FastifyInstance, options: HttpSiteOptions, parts: SiteParts): Promise<void> {
  const { sessions, health, plugins, title, service } = options;
  app.get("/healthz", async (_request, reply) =>
    reply.header("cache-control", "no-store").send({ status: "ok", service }),
  );
  app.get("/readyz", async (_request, reply) => {
    const reasons = parts.isDraining() ? ["The service is stopping.", ...health()] : health();
    const status = reasons.length === 0 ? "ready" : "notReady";
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .header("cache-control", "no-store")
      .send({ status, reasons });
  });
  await app.register(async (inner) => loginRoutes(inner, options));
  const web = await parts.webParts?.();
  if (web !== undefined) await app.register(async (inner) => webRoutes(inner, options, web));
  const siteOf = (request: FastifyRequest) => siteRequestOf(request.raw, options);
  app.get("/", async (request, reply) => {
    const session = await requireSession(sessions, siteOf(request), request, reply);
    if (session === undefined) return reply;
    const found = await web?.shell.find();
    if (found !== undefined) return sendShellPage(reply, options, found);
    const pages = plugins.pages();
    reply.header("cache-control", "no-store");
    const [first] = pages;
    if (pages.length === 1 && first !== undefined) return reply.redirect(first.path, 302);
    return reply
      .type("text/html; charset=utf-8")
      .send(startPage(title, pages, session.user, sessions.loginHandler !== undefined));
  });
  const router = new PluginRouter(plugins);
  await app.register(async (inner) => {
    // The plugin's handler reads the body, up to its limit.
    inner.addContentTypeParser("*", (_request, _payload, done) => done(null));
    inner.all("/*", { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => {
      const site = siteOf(request);
      const session = await requireSession(sessions, site, request, reply);
      if (session === undefined) return reply;
      const { user } = session;
      return await answerPluginRequest({
        router,
        request,
        reply,
        site,
        user,
        refuse: (status) => sendError(reply, status),
      });
    });
  });
}

/** Answers an error outside the code of plugins. */
function failed(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  failures: RequestFailureLog,
): FastifyReply {
  const status = statusOf(error);
  if (status >= 500) {
    failures.log({ err: error }, "%s %s failed: %s", request.method, pathOf(request), messageOf(error));
  }
  const range = status === 416 ? contentRangeOf(error) : undefined;
  // These headers describe the body that is not sent.
  for (const name of Object.keys(reply.getHeaders())) if (bodyHeader.test(name)) reply.removeHeader(name);
  if (range !== undefined) reply.header("content-range", range);
  return sendError(reply, status);
}

/** The Content-Range with the length of a file, from the error of @fastify/static for an invalid range. */
function contentRangeOf(error: unknown): string | undefined {
  const headers: unknown = error instanceof Error && "headers" in error ? error.headers : undefined;
  const range: unknown =
    typeof headers === "object" && headers !== null && "Content-Range" in headers
      ? headers["Content-Range"]
      : undefined;
  return typeof range === "string" ? range : undefined;
}

const bodyHeader = /^(?:content-(?!security-policy)|etag$|last-modified$|accept-ranges$)/;

function statusOf(error: unknown): number {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  return typeof status === "number" && status >= 400 && status < 600 ? status : 500;
}

/** The path without the query, which may contain secrets. */
function pathOf(request: FastifyRequest): string {
  return JSON.stringify((request.raw.url ?? "").split("?", 1)[0]?.slice(0, 200)).slice(1, -1);
}
