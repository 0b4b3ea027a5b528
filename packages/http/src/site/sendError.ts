import type { FastifyReply } from "fastify";
import { errorBody, errorResponse, wantsHtml } from "./errorResponse.ts";

/**
 * Answers with an error.
 *
 * @param message Default: the one of the status.
 * @param login The address of the login, for a link on the page. Default: no link.
 */
export function sendError(reply: FastifyReply, status: number, message?: string, login?: string): FastifyReply {
  const answer = errorResponse(status, message);
  const { type, body } = errorBody(answer, wantsHtml(reply.request.headers.accept), login);
  if (status === 503) reply.header("retry-after", "2");
  return reply.code(answer.status).header("cache-control", "no-store").type(type).send(body);
}
