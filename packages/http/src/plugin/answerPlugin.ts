import type { PeekUser } from "@peek/plugin-base";
import type { FastifyReply, FastifyRequest } from "fastify";
import { isSecretCookie } from "../sessions/cookies.ts";
import type { SiteRequest } from "../site/SiteRequest.ts";
import { wantsHtml } from "../site/siteAnswers.ts";
import type { FilesRoute } from "./FilesRoute.ts";
import type { HandlerRoute } from "./HandlerRoute.ts";
import type { PluginSites } from "./PluginSites.ts";
import { segmentsOf } from "./RoutePattern.ts";
import { sendResponse } from "./sendResponse.ts";

/** A request for what a plugin serves. */
export interface PluginRequest {
  readonly plugins: PluginSites;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly site: SiteRequest;
  readonly user: PeekUser;
  /** Answers that there is none, with a status and what is told of it. */
  readonly refuse: (status: number) => FastifyReply;
}

/** Answers a request for what is under a plugin's name. */
export async function answerPlugin(call: PluginRequest): Promise<FastifyReply> {
  const { plugins, request, reply, refuse } = call;
  const [path, query] = splitUrl(request.raw.url ?? "/");
  const all = segmentsOf(path);
  if (all === undefined || query?.includes("%00") === true) return refuse(400);
  const [plugin = "", ...segments] = all;
  const found = plugins.find(plugin, request.method, segments);
  if (found.kind === "route") {
    const { target, pattern } = found.route;
    if ("find" in target) return await answerFile(call, target, segments.slice(pattern.depth), [path, query]);
    return await answerByHandler(call, target, found.params);
  }
  if (found.kind === "otherMethod") {
    reply.header("allow", found.allow.join(", "));
    return refuse(405);
  }
  // What is relative in the page is under its folder.
  const isFolder = isGet(request.method) && plugins.find(plugin, "GET", [...segments, ""]).kind === "route";
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
  const tell = (what: string, error?: unknown): void => route.tell(what, error);
  return await sendResponse(reply, { method: request.method, response, signal, tell, refuse });
}

function headersOf(request: FastifyRequest): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(request.raw.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  hideSession(headers);
  return headers;
}

/** Who has it could be the user; a plugin is told who that is. */
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
