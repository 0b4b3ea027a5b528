import { isPluginName } from "@peek/plugin-base";
import { webFailureSchema, webPaths } from "@peek/web/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { SiteSession } from "../sessions/SessionProvider.ts";
import { sendError } from "../site/sendError.ts";
import { KeyedTokenBuckets } from "../users/KeyedTokenBuckets.ts";
import type { SiteWeb } from "./SiteWeb.ts";

const maxBytes = 32 * 1024;
/** Of one user. */
const rate = { burst: 20, refillMs: 3000 } as const;
const retryAfterSeconds = 3;

/** Registers the path by which browsers report failures of web modules. */
export function failureRoute(
  app: FastifyInstance,
  { report }: Pick<SiteWeb, "report">,
  sessionOf: (request: FastifyRequest, reply: FastifyReply) => Promise<SiteSession | undefined>,
): void {
  const buckets = new KeyedTokenBuckets(rate);
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    // The check refuses malformed JSON.
    try {
      done(null, JSON.parse(String(body)));
    } catch {
      done(null, undefined);
    }
  });
  app.post(webPaths.failures, { bodyLimit: maxBytes }, async (request, reply) => {
    const session = await sessionOf(request, reply);
    if (session === undefined) return reply;
    const { user } = session;
    if (!buckets.hasToken(user.id)) return sendError(reply.header("retry-after", retryAfterSeconds), 429);
    buckets.take(user.id);
    const parsed = webFailureSchema.safeParse(request.body);
    if (!parsed.success || !isPluginName(parsed.data.plugin)) return sendError(reply, 400);
    await report(parsed.data, user);
    return reply.code(204).header("cache-control", "no-store").send();
  });
}
