import type { FastifyReply } from "fastify";
import { answerBody, siteAnswer, wantsHtml } from "./siteAnswers.ts";

/**
 * Answers that something is not to be had.
 *
 * @param message Default: one for the status.
 * @param login Where people can log in as somebody else. Default: they are not told.
 */
export function refuse(reply: FastifyReply, status: number, message?: string, login?: string): FastifyReply {
  const answer = siteAnswer(status, message);
  const { type, body } = answerBody(answer, wantsHtml(reply.request.headers.accept), login);
  if (status === 503) reply.header("retry-after", "2");
  return reply.code(answer.status).header("cache-control", "no-store").type(type).send(body);
}
