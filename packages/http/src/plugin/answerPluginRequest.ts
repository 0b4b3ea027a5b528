import type { PeekUser } from "@peek/plugin-base";
import type { FastifyReply, FastifyRequest } from "fastify";
import { isSecretCookie } from "../sessions/cookies.ts";
import type { SiteRequest } from "../site/SiteRequest.ts";
import { wantsHtml } from "../site/errorResponse.ts";
import type { FilesRoute } from "./FilesRoute.ts";
import type { HandlerRoute } from "./HandlerRoute.ts";
import type { PluginRouter } from "./PluginRouter.ts";
import { segmentsOf } from "./RoutePattern.ts";
import { sendResponse } from "./sendResponse.ts";

/** A request for a path below a plugin's name. */
export interface PluginRequest {
  readonly router: PluginRouter;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly site: SiteRequest;
  readonly user: PeekUser;
  /** Answers with an error. */
  readonly refuse: (status: number) => FastifyReply;
}

/** Answers a request for a path below a plugin's name. */
export async function answerPluginRequest(call: PluginRequest): Promise<FastifyReply> {
  const { router, request, reply, refuse } = call;
  const [path, query] = splitUrl(request.raw.url ?? "/");
  const all = segmentsOf(path);
  if (all === undefined || query?.includes("%00") === true) return refuse(400);
  const [plugin = "", ...segments] = all;
  if (!(await router.resumed(plugin))) return refuse(503);
  const match = router.match(plugin, request.method, segments);
  if (match.kind === "route") {
    const { target, pattern } = match.route;
    if ("find" in target) return await answerFile(call, target, segments.slice(pattern.depth), [path, query]);
    return await answerByHandler(call, target, match.params);
  }
  if (match.kind === "otherMethod") {
    reply.header("allow", match.allow.join(", "));
    return refuse(405);
  }
  // Relative links of a page need the slash at the end.
  const isFolder = isGet(request.method) && router.match(plugin, "GET", [...segments, ""]).kind === "route";
  return isFolder ? redirectToFolder(reply, path, query) : refuse(404);
}

async function answerFile(
  { reply, site, refuse }: PluginRequest,
  files: FilesRoute,
  segments: readonly string[],
  [path, query]: readonly [string, string | undefined],
): Promise<FastifyReply> {
  const found = await files.find(segments, wantsHtml(site.headers.accept));
  if (found.kind === "none") return refuse(404);
  if (found.kind === "folder") return redirectToFolder(reply, path, query);
  reply.header("cache-control", found.isImmutable ? "private, max-age=31536000, immutable" : "private, no-cache");
  return reply.sendFile(found.path, files.dir, { cacheControl: false, dotfiles: "deny", index: false });
}

async function answerByHandler(
  { request, reply, site, user, refuse }: PluginRequest,
  route: HandlerRoute,
  params: Readonly<Record<string, string>>,
): Promise<FastifyReply> {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  const result = await route.answer({
    method: request.method,
    url: `${site.origin === "" ? "http://localhost" : site.origin}${request.raw.url ?? "/"}`,
    headers: headersOf(request),
    body: isGet(request.method) || request.method === "DELETE" ? undefined : request.raw,
    params,
    user,
    gone: gone.signal,
  });
  if ("status" in result) {
    if (result.status === 413) reply.header("connection", "close");
    return refuse(result.status);
  }
  const { response, signal } = result;
  const report = (problem: string, error?: unknown): void => route.report(problem, error);
  return await sendResponse(reply, { method: request.method, response, signal, report, refuse });
}

function headersOf(request: FastifyRequest): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(request.raw.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  hideSession(headers);
  return headers;
}

/** A plugin gets the user, but not the cookie by which it could act as the user. */
function hideSession(headers: Headers): void {
  const cookies = headers.get("cookie");
  if (cookies === null) return;
  const others = cookies.split(";").filter((each) => !isSecretCookie(each.trim().split("=", 1)[0] ?? ""));
  if (others.length === 0) headers.delete("cookie");
  else headers.set("cookie", others.join(";").trim());
}

function redirectToFolder(reply: FastifyReply, path: string, query: string | undefined): FastifyReply {
  const to = `${path}/${query === undefined ? "" : `?${query}`}`;
  return reply.header("cache-control", "private, no-cache").redirect(to, 302);
}

function splitUrl(url: string): readonly [string, string | undefined] {
  const at = url.indexOf("?");
  return at < 0 ? [url, undefined] : [url.slice(0, at), url.slice(at + 1)];
}

function isGet(method: string): boolean {
  return method === "GET" || method === "HEAD";
}
