import { AuthorizationError, TimeoutError, UserAuthenticationExpiredError } from "@nats-io/transport-node";
import { messageOf, toError } from "@peek/errors";

/** Whether the server has refused the credentials of the service. */
export function isRefusal(thrown: unknown): boolean {
  return thrown instanceof AuthorizationError || thrown instanceof UserAuthenticationExpiredError;
}

/**
 * Explains why a connection to a NATS server failed.
 *
 * @param account Names the account of the service.
 * @param timeoutMs The time limit of the attempt.
 * @param explain Explains further errors.
 * @returns The middle of a sentence about the server.
 */
export function explainNatsFailure(
  thrown: unknown,
  account: string,
  timeoutMs: number,
  explain: ((error: Error) => string | undefined) | undefined,
): string {
  if (isRefusal(thrown)) {
    return `it refuses ${account}. Correct dataExchange.nats of this service, or the users of the server; \`peek nats permissions\` prints the users that it needs`;
  }
  if (thrown instanceof TimeoutError) return `it did not answer within ${timeoutMs} ms`;
  const error = toError(thrown);
  if (error.message === "server does not support 'tls'") {
    return "it does not support TLS. Give it a certificate, or remove tls:// from dataExchange.nats.servers and set useSsl there to false";
  }
  const cause = error.cause instanceof Error ? error.cause : error;
  if ("code" in cause && cause.code === "ECONNREFUSED") return "nothing listens there";
  return explain?.(cause) ?? messageOf(error);
}
