import type { FastifyReply, FastifyRequest } from "fastify";
import { userCookies } from "../sessions/cookies.ts";
import type { SessionProvider, SiteSession } from "../sessions/SessionProvider.ts";
import { refuse } from "./refuse.ts";
import { wantsHtml } from "./siteAnswers.ts";
import type { SiteRequest } from "./SiteRequest.ts";

const forbiddenMessage = "You may not use this site. Ask whoever administers Peek, or log in as somebody else.";

/**
 * Who makes a request. Where nobody has logged in, a page leads to the login, and a program is told.
 *
 * @returns undefined when it has been answered.
 */
export async function requireSession(
  sessions: SessionProvider,
  site: SiteRequest,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<SiteSession | undefined> {
  const verdict = await sessions.authenticate(site);
  if (verdict.ok) {
    const cookies = [...verdict.cookies, ...userCookies(site, verdict.session.user)];
    if (cookies.length > 0) reply.header("set-cookie", cookies);
    return verdict.session;
  }
  const login = `/peek/login?return=${encodeURIComponent(request.raw.url ?? "/")}`;
  switch (verdict.reason) {
    case "unavailable":
      refuse(reply, 503);
      break;
    case "forbidden":
      refuse(reply, 403, forbiddenMessage, sessions.desk === undefined ? undefined : login);
      break;
    case "login": {
      const isPage = request.method === "GET" && wantsHtml(site.headers.accept) && sessions.desk !== undefined;
      if (!isPage) refuse(reply, 401);
      else reply.header("cache-control", "no-store").redirect(login, 303);
    }
  }
  return undefined;
}
