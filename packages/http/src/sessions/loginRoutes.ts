import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { HttpSiteOptions } from "../site/HttpSiteOptions.ts";
import { sendError } from "../site/sendError.ts";
import { wantsHtml } from "../site/errorResponse.ts";
import { type SiteRequest, siteRequestOf } from "../site/SiteRequest.ts";
import {
  deviceOf,
  clearSessionCookies,
  formSecretOf,
  setFormCookie,
  setDeviceTokensCookie,
  setSessionCookie,
  deviceTokensOf,
  sessionIdOf,
  setUserCookie,
} from "./cookies.ts";
import { loginPage } from "./loginPage.ts";
import { returnPath } from "./returnPath.ts";
import type { LoginHandler } from "./SessionProvider.ts";

/** Texts with lone surrogates or NUL cannot be sent to logic; no user has such a name or password. */
const word = z
  .string()
  .max(1000)
  .refine((text) => text.isWellFormed() && !text.includes("\0"));
const loginSchema = z.object({
  name: word,
  password: word,
  return: z.string().max(2000).optional(),
  token: word.optional(),
});
type Login = z.infer<typeof loginSchema>;

const refusedMessage =
  "The name or the password is wrong, or the user may not log in. After too many attempts, wait a minute.";
const busyMessage = "Too many users are logging in. Try again.";
const awayMessage = "The logic service cannot be reached. Try to log in again in a moment.";
const staleMessage = "The form has expired. Try again.";

/** Registers `/peek/login`, `/peek/logout` and `/peek/session`. */
export async function loginRoutes(app: FastifyInstance, options: HttpSiteOptions): Promise<void> {
  const { sessions, title } = options;
  const { loginHandler } = sessions;
  const siteOf = (request: FastifyRequest): SiteRequest => siteRequestOf(request.raw, options);
  app.addHook("onRequest", async (_request, reply) => void reply.header("cache-control", "no-store"));

  app.get("/peek/session", async (request, reply) => {
    const site = siteOf(request);
    const result = await sessions.authenticate(site);
    if (!result.ok) return sendError(reply, { login: 401, forbidden: 403, unavailable: 503 }[result.reason]);
    const { user, device } = result.session;
    const cookies = [...result.cookies, ...setUserCookie(site, user)];
    if (cookies.length > 0) reply.header("set-cookie", cookies);
    return reply.send({ user, device, canLogOut: loginHandler !== undefined });
  });

  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    parse(() => JSON.parse(String(body)), done);
  });
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) => {
    parse(() => Object.fromEntries(new URLSearchParams(String(body))), done);
  });

  app.post("/peek/logout", { compress: false }, async (request, reply) => {
    const site = siteOf(request);
    const session = sessionIdOf(site);
    if (loginHandler !== undefined) {
      if (session !== undefined) await loginHandler.logOut(session);
      reply.header("set-cookie", [...clearSessionCookies(site)]);
    }
    if (!wantsHtml(site.headers.accept)) return reply.code(204).send();
    return reply.redirect(loginHandler === undefined ? "/" : "/peek/login", 303);
  });

  if (loginHandler === undefined) return;
  const form = (reply: FastifyReply, site: SiteRequest, to: string, failure?: { name: string; message: string }) => {
    const secret = randomBytes(16).toString("base64url");
    reply.header("set-cookie", [...deviceOf(site).cookies, setFormCookie(site, secret)]);
    reply.type("text/html; charset=utf-8");
    return reply.send(loginPage({ title, token: tokenOf(secret), returnTo: to, ...failure }));
  };

  // Not compressed: the size of a compressed page could reveal its secrets.
  app.get<{ Querystring: { return?: unknown } }>("/peek/login", { compress: false }, async (request, reply) => {
    const to = request.query.return;
    return form(reply, siteOf(request), returnPath(typeof to === "string" ? to : undefined));
  });

  app.post("/peek/login", { compress: false }, async (request, reply) => {
    const parsed = loginSchema.safeParse(request.body);
    if (!parsed.success) return sendError(reply, 400);
    const login = parsed.data;
    const site = siteOf(request);
    const to = returnPath(login.return);
    // Pages of other origins cannot send JSON.
    const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
    if (isForm && !hasToken(site, login)) {
      return form(reply.code(403), site, to, { name: login.name, message: staleMessage });
    }
    const { device, cookies } = deviceOf(site);
    const { name, password } = login;
    const { address, isLocal } = site;
    const deviceTokens = deviceTokensOf(site);
    const result = await loginHandler.logIn({ name, password, device, address, deviceTokens, isLocal });
    if (!result.ok) {
      const { status, message } = failures[result.reason];
      if (isForm) return form(reply.code(status), site, to, { name, message });
      if (status !== 503) return reply.code(status).send({ code: "LOGIN_REFUSED", message });
      return sendError(reply, status, message);
    }
    await endFormerSession(loginHandler, site, result.session);
    const own = [setSessionCookie(site, result.session), setDeviceTokensCookie(site, result.deviceToken)];
    reply.header("set-cookie", [...cookies, ...own, ...setUserCookie(site, result.user)]);
    return isForm ? reply.redirect(to, 303) : reply.send({ user: result.user });
  });
}

const failures = {
  refused: { status: 401, message: refusedMessage },
  busy: { status: 503, message: busyMessage },
  unavailable: { status: 503, message: awayMessage },
} as const;

/** Ends the former session of the browser, whose cookie is replaced. */
async function endFormerSession(loginHandler: LoginHandler, site: SiteRequest, now: string): Promise<void> {
  const before = sessionIdOf(site);
  if (before !== undefined && before !== now) await loginHandler.logOut(before);
}

function hasToken(site: SiteRequest, login: Login): boolean {
  const secret = formSecretOf(site);
  if (secret === undefined || login.token === undefined) return false;
  const expected = Buffer.from(tokenOf(secret));
  const given = Buffer.from(login.token);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The token of a form, by the secret in the cookie. */
function tokenOf(secret: string): string {
  return createHash("sha256").update(`peek form ${secret}`).digest("base64url");
}

function parse(read: () => unknown, done: (error: Error | null, body?: unknown) => void): void {
  try {
    done(null, read());
  } catch {
    done(Object.assign(new Error("The body is malformed."), { statusCode: 400 }));
  }
}
