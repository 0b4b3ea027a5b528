import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { HttpSiteOptions } from "../site/HttpSiteOptions.ts";
import { refuse } from "../site/refuse.ts";
import { wantsHtml } from "../site/siteAnswers.ts";
import { type SiteRequest, siteRequestOf } from "../site/SiteRequest.ts";
import {
  deviceOf,
  endedSession,
  formSecretOf,
  keptForm,
  keptKnown,
  keptSession,
  knownOf,
  sessionIdOf,
  userCookies,
} from "./cookies.ts";
import { loginPage } from "./loginPage.ts";
import { returnPath } from "./returnPath.ts";
import type { LoginDesk } from "./SessionProvider.ts";

/** No user has a name or password that is not well-formed or has a NUL, and neither can be sent to logic. */
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
  "The name or the password is wrong, or the user may not log in. If it was tried too often, a minute has to pass.";
const busyMessage = "Too many log in at this moment. Try again.";
const awayMessage = "Nobody can log in now: the logic service cannot be reached. Try again in a moment.";
const staleMessage = "The form was too old. Try again.";

/** `/peek/login`, `/peek/logout` and `/peek/session`. */
export async function loginRoutes(app: FastifyInstance, options: HttpSiteOptions): Promise<void> {
  const { sessions, title } = options;
  const { desk } = sessions;
  const siteOf = (request: FastifyRequest): SiteRequest => siteRequestOf(request.raw, options);
  app.addHook("onRequest", async (_request, reply) => void reply.header("cache-control", "no-store"));

  app.get("/peek/session", async (request, reply) => {
    const site = siteOf(request);
    const verdict = await sessions.authenticate(site);
    if (!verdict.ok) return refuse(reply, { login: 401, forbidden: 403, unavailable: 503 }[verdict.reason]);
    const { user, device } = verdict.session;
    const cookies = [...verdict.cookies, ...userCookies(site, user)];
    if (cookies.length > 0) reply.header("set-cookie", cookies);
    return reply.send({ user, device, canLogOut: desk !== undefined });
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
    if (desk !== undefined) {
      if (session !== undefined) await desk.logOut(session);
      reply.header("set-cookie", [...endedSession(site)]);
    }
    if (!wantsHtml(site.headers.accept)) return reply.code(204).send();
    return reply.redirect(desk === undefined ? "/" : "/peek/login", 303);
  });

  if (desk === undefined) return;
  const form = (reply: FastifyReply, site: SiteRequest, to: string, failure?: { name: string; message: string }) => {
    const secret = randomBytes(16).toString("base64url");
    reply.header("set-cookie", [...deviceOf(site).cookies, keptForm(site, secret)]);
    reply.type("text/html; charset=utf-8");
    return reply.send(loginPage({ title, token: tokenOf(secret), returnTo: to, ...failure }));
  };

  // Not compressed: what is secret in it could be told from its size.
  app.get<{ Querystring: { return?: unknown } }>("/peek/login", { compress: false }, async (request, reply) => {
    const to = request.query.return;
    return form(reply, siteOf(request), returnPath(typeof to === "string" ? to : undefined));
  });

  app.post("/peek/login", { compress: false }, async (request, reply) => {
    const parsed = loginSchema.safeParse(request.body);
    if (!parsed.success) return refuse(reply, 400);
    const login = parsed.data;
    const site = siteOf(request);
    const to = returnPath(login.return);
    // No page of somebody else's can send JSON here.
    const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
    if (isForm && !hasToken(site, login)) {
      return form(reply.code(403), site, to, { name: login.name, message: staleMessage });
    }
    const { device, cookies } = deviceOf(site);
    const { name, password } = login;
    const { address, isOwnMachine } = site;
    const outcome = await desk.logIn({ name, password, device, address, known: knownOf(site), isOwnMachine });
    if (!outcome.ok) {
      const { status, message } = failures[outcome.reason];
      if (isForm) return form(reply.code(status), site, to, { name, message });
      if (status !== 503) return reply.code(status).send({ code: "LOGIN_REFUSED", message });
      return refuse(reply, status, message);
    }
    await endBefore(desk, site, outcome.session);
    const own = [keptSession(site, outcome.session), keptKnown(site, outcome.known)];
    reply.header("set-cookie", [...cookies, ...own, ...userCookies(site, outcome.user)]);
    return isForm ? reply.redirect(to, 303) : reply.send({ user: outcome.user });
  });
}

const failures = {
  refused: { status: 401, message: refusedMessage },
  busy: { status: 503, message: busyMessage },
  unavailable: { status: 503, message: awayMessage },
} as const;

/** The session of the same browser from before would be nobody's. */
async function endBefore(desk: LoginDesk, site: SiteRequest, now: string): Promise<void> {
  const before = sessionIdOf(site);
  if (before !== undefined && before !== now) await desk.logOut(before);
}

function hasToken(site: SiteRequest, login: Login): boolean {
  const secret = formSecretOf(site);
  if (secret === undefined || login.token === undefined) return false;
  const expected = Buffer.from(tokenOf(secret));
  const given = Buffer.from(login.token);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** What a form has in it whose page came with the cookie. */
function tokenOf(secret: string): string {
  return createHash("sha256").update(`peek form ${secret}`).digest("base64url");
}

function parse(read: () => unknown, done: (error: Error | null, body?: unknown) => void): void {
  try {
    done(null, read());
  } catch {
    done(Object.assign(new Error("The body cannot be read."), { statusCode: 400 }));
  }
}
