import type { FastifyReply, FastifyRequest } from "fastify";
import { setUserCookie } from "../sessions/cookies.ts";
import type { SessionProvider, SiteSession } from "../sessions/SessionProvider.ts";
import { sendError } from "./sendError.ts";
import { wantsHtml } from "./errorResponse.ts";
import type { SiteRequest } from "./SiteRequest.ts";

const forbiddenMessage = "You may not use this site. Ask an administrator of Peek, or log in as another user.";

/**
 * Authenticates a request. Without a session, a page is redirected to the login, and a program gets an error.
 *
 * @returns The session; undefined when the request has been answered.
 */
export async function requireSession(
  sessions: SessionProvider,
  site: SiteRequest,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<SiteSession | undefined> {
  const result = await sessions.authenticate(site);
  if (result.ok) {
    const cookies = [...result.cookies, ...setUserCookie(site, result.session.user)];
    if (cookies.length > 0) reply.header("set-cookie", cookies);
    return result.session;
  }
  const login = `/peek/login?return=${encodeURIComponent(request.raw.url ?? "/")}`;
  switch (result.reason) {
    case "unavailable":
      sendError(reply, 503);
      break;
    case "forbidden":
      sendError(reply, 403, forbiddenMessage, sessions.loginHandler === undefined ? undefined : login);
      break;
    case "login": {
      const isPage = request.method === "GET" && wantsHtml(site.headers.accept) && sessions.loginHandler !== undefined;
      if (!isPage) sendError(reply, 401);
      else reply.header("cache-control", "no-store").redirect(login, 303);
    }
  }
  return undefined;
}
