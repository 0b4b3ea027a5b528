import { messageOf, PeekError } from "@peek/errors";
import { DatabaseError } from "pg";
import { type ConnectionTarget, describeTarget } from "./ConnectionTarget.ts";

/**
 * Translates the failure of a connection attempt into an error that says what to do. `STORAGE_UNAVAILABLE` may pass by
 * itself; `STORAGE_REFUSED` lasts until the configuration or the server is changed.
 */
export function explainConnectFailure(error: unknown, target: ConnectionTarget): PeekError {
  if (PeekError.is(error)) return error;
  if (error instanceof DatabaseError) return explainRefusal(error, target);
  const code = codeOf(error);
  const where = addressOf(target);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return unavailable(
      target,
      error,
      `the host name ${target.host} cannot be resolved (${code}). ${lookAt(target, "the host")}`,
    );
  }
  if (code === "ECONNREFUSED" || code === "ENOENT") {
    return unavailable(target, error, `nothing listens at ${where}. ${lookAt(target, "host and port")}`);
  }
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH" || code === "ETIMEDOUT" || isTimeout(error)) {
    return unavailable(target, error, `${where} does not answer. ${lookAt(target, "host and port")}`);
  }
  if (messageOf(error).startsWith("SASL: SCRAM-SERVER-FIRST-MESSAGE: client password")) {
    return refused(
      target,
      error,
      `the server requires the password of ${target.user}, and storage.connectUrl has none.`,
    );
  }
  const tls = tlsAdvice(error, code);
  if (tls !== undefined) return refused(target, error, `TLS with ${where} failed: ${tls}`);
  return unavailable(target, error, `${messageOf(error)} (${where}). ${lookAt(target, "host and port")}`);
}

function explainRefusal(error: DatabaseError, target: ConnectionTarget): PeekError {
  const { user, database } = target;
  const { message } = error;
  switch (error.code) {
    case "28P01":
      return refused(
        target,
        error,
        `the password of ${user} is wrong, or there is no such account. Correct it in storage.connectUrl.`,
      );
    case "28000":
      return refused(
        target,
        error,
        `the account ${user} may not log in: ${message}. Check the account, sslmode in storage.connectUrl, and pg_hba.conf on the server.`,
      );
    case "3D000":
      return refused(
        target,
        error,
        `the server has no database ${database}. Correct storage.connectUrl, or create it: CREATE DATABASE "${database}" OWNER "${user}".`,
      );
    case "42501":
      return refused(target, error, `${message}. Grant ${user} the right to connect to ${database}.`);
    case "42704":
    case "22023":
      return refused(target, error, `the server rejects the settings of Peek's connection: ${message}.`);
    default:
      // 57P03: the server is starting; 53300: it has no free connection; other conditions that pass.
      return unavailable(target, error, `the server says: ${message} (${error.code ?? "no code"})`);
  }
}

function tlsAdvice(error: unknown, code: string | undefined): string | undefined {
  const message = messageOf(error);
  if (message.includes("does not support SSL")) {
    return "the server does not support it. Remove sslmode from storage.connectUrl, or enable TLS on the server.";
  }
  const isCertificate =
    code !== undefined &&
    (/CERT|SIGNATURE|SELF_SIGNED|ALTNAME|ISSUER/.test(code) ||
      code.startsWith("ERR_SSL") ||
      code.startsWith("ERR_TLS"));
  if (!isCertificate) return undefined;
  return `${message} (${code}). Name the authority's certificate with sslrootcert in storage.connectUrl, and use the host name of the server's certificate. sslmode=require encrypts without checking the certificate.`;
}

function unavailable(target: ConnectionTarget, cause: unknown, reason: string): PeekError {
  return new PeekError("STORAGE_UNAVAILABLE", `The ${titleOf(target)} cannot be reached: ${reason}`, {
    cause,
    fields: fieldsOf(target),
  });
}

function refused(target: ConnectionTarget, cause: unknown, reason: string): PeekError {
  return new PeekError("STORAGE_REFUSED", `The ${titleOf(target)} (${describeTarget(target)}) refuses: ${reason}`, {
    cause,
    fields: fieldsOf(target),
  });
}

function lookAt({ kind }: ConnectionTarget, part: string): string {
  return kind === "embedded"
    ? "The logic service on this machine runs it. Start logic, or set storage.connectUrl."
    : `Check that the server runs, and check ${part} in storage.connectUrl.`;
}

function titleOf({ kind }: ConnectionTarget): string {
  return kind === "embedded" ? "embedded database" : "database of storage.connectUrl";
}

function addressOf({ host, port }: ConnectionTarget): string {
  return host.startsWith("/") ? `the socket in ${host}, port ${port}` : `${host}:${port}`;
}

function fieldsOf({ host, port, user, database }: ConnectionTarget): Readonly<Record<string, unknown>> {
  return { host, port, user, database };
}

/** The code of an error; of an aggregate (one error per address of a host), the code of the first. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function isTimeout(error: unknown): boolean {
  return /timeout (?:expired|exceeded)|connection timeout/i.test(messageOf(error));
}
