import { AuthorizationError, TimeoutError, UserAuthenticationExpiredError } from "@nats-io/transport-node";
import { messageOf, toError } from "@peek/errors";

/** Whether the server has refused a service for what it shows. */
export function isRefusal(thrown: unknown): boolean {
  return thrown instanceof AuthorizationError || thrown instanceof UserAuthenticationExpiredError;
}

/**
 * Why a connection to a NATS server was not made, in words.
 *
 * @param account What the service shows, in words.
 * @param timeoutMs How long the attempt could take.
 * @param explain Knows more errors.
 */
export function explainNatsFailure(
  thrown: unknown,
  account: string,
  timeoutMs: number,
  explain: ((error: Error) => string | undefined) | undefined,
): string {
  if (isRefusal(thrown)) {
    return `it refuses ${account}. Correct dataExchange.nats of this service, or the users of the server; \`peek nats permissions\` prints those that it should have`;
  }
  if (thrown instanceof TimeoutError) return `it did not answer within ${timeoutMs} ms`;
  const error = toError(thrown);
  if (error.message === "server does not support 'tls'") {
    return "it speaks no TLS. Give it a certificate, or take tls:// out of dataExchange.nats.servers and set useSsl there to false";
  }
  const cause = error.cause instanceof Error ? error.cause : error;
  if ("code" in cause && cause.code === "ECONNREFUSED") return "nobody listens there";
  return explain?.(cause) ?? messageOf(error);
}
