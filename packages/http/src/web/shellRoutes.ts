import { createHash } from "node:crypto";
import { join } from "node:path";
import negotiator from "@fastify/accept-negotiator";
import { isWebFilePath, webPaths } from "@peek/web/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { SiteSession } from "../sessions/SessionProvider.ts";
import type { HttpSiteOptions } from "../site/HttpSiteOptions.ts";
import { securityHeaders } from "../site/securityHeaders.ts";
import { sendError } from "../site/sendError.ts";
import { appIcon } from "./appIcon.ts";
import { hasEtag } from "./hasEtag.ts";
import { type FileEncoding, fileEncodings, isFile } from "./precompress.ts";
import { immutable, sendFile } from "./sendFile.ts";
import type { FoundShell } from "./Shell.ts";
import { shellPage } from "./shellPage.ts";
import { appIconSizes, webManifest } from "./webManifest.ts";
import type { WebParts } from "./WebParts.ts";

const day = 86_400;
const suffixes: { readonly [Encoding in FileEncoding]: string } = { br: ".br", gzip: ".gz" };

type SessionOf = (request: FastifyRequest, reply: FastifyReply) => Promise<SiteSession | undefined>;

/** Registers the page of the app, the files of the shell, and what makes the app installable. */
export function shellRoutes(
  app: FastifyInstance,
  options: HttpSiteOptions,
  { shell, web }: Pick<WebParts, "shell" | "web">,
  sessionOf: SessionOf,
): void {
  const { title } = options;

  app.get(`${webPaths.app}*`, async (request, reply) => {
    if ((await sessionOf(request, reply)) === undefined) return reply;
    const found = await shell.find();
    return found === undefined ? sendError(reply, 404) : sendShellPage(reply, options, found);
  });
  app.get<{ Params: { hash: string; "*": string } }>(`${webPaths.shell}:hash/*`, async (request, reply) => {
    if ((await sessionOf(request, reply)) === undefined) return reply;
    const { hash, "*": file } = request.params;
    const dir = await shell.filesOf(hash);
    return dir === undefined ? sendError(reply, 404) : await sendShellFile(reply, dir, file, immutable);
  });
  app.get(webPaths.serviceWorker, async (request, reply) => {
    if ((await sessionOf(request, reply)) === undefined) return reply;
    const found = await shell.find();
    if (found === undefined) return sendError(reply, 404);
    reply.header("service-worker-allowed", "/");
    return await sendShellFile(reply, found.dir, found.built.serviceWorker, "private, no-cache");
  });
  // As the login, these are for everyone: browsers load them without cookies.
  app.get(webPaths.webManifest, async (_request, reply) =>
    reply.header("cache-control", "no-cache").type("application/manifest+json; charset=utf-8").send(webManifest(title)),
  );
  app.get<{ Params: { file: string } }>(`${webPaths.appIcons}:file`, async (request, reply) => {
    const size = appIconSizes.find((each) => request.params.file === `peek-${each}.png`);
    const dir = web.appIconsDir();
    const path = dir === undefined || size === undefined ? undefined : join(dir, `peek-${size}.png`);
    if (path === undefined || !(await isFile(path))) return sendError(reply, 404);
    return await sendFile(reply, { path, name: path, cacheControl: `public, max-age=${day}` });
  });
  app.get(webPaths.appIcon, async (_request, reply) =>
    reply.header("cache-control", `public, max-age=${day}`).type("image/svg+xml; charset=utf-8").send(appIcon),
  );
}

/** Answers with the page of the app, whose policy allows its import map. */
export function sendShellPage(reply: FastifyReply, options: HttpSiteOptions, { built }: FoundShell): FastifyReply {
  const { html, scriptSource } = shellPage(options.title, built);
  const etag = `"${createHash("sha256").update(html).digest("base64url").slice(0, 22)}"`;
  reply.helmet(securityHeaders(options, { scriptSource }));
  reply.header("cache-control", "private, no-cache").header("etag", etag);
  if (hasEtag(reply.request.headers["if-none-match"], etag)) return reply.code(304).send();
  return reply.type("text/html; charset=utf-8").send(html);
}

/** Sends a file of the shell, compressed by the build if the browser accepts it. */
async function sendShellFile(
  reply: FastifyReply,
  dir: string,
  file: string,
  cacheControl: string,
): Promise<FastifyReply> {
  if (!isWebFilePath(file) || !(await isFile(join(dir, file)))) return sendError(reply, 404);
  const accepted = reply.request.headers["accept-encoding"] ?? "";
  const encoding = negotiator.negotiate(accepted, [...fileEncodings]);
  const compressed = encoding === null ? undefined : join(dir, `${file}${suffixes[encoding]}`);
  const isCompressed = compressed !== undefined && (await isFile(compressed));
  return await sendFile(reply, {
    path: isCompressed ? compressed : join(dir, file),
    name: file,
    cacheControl,
    ...(isCompressed && encoding !== null && { encoding }),
  });
}
