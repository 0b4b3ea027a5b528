import type { ConnectionOptions } from "node:tls";
import { messageOf, PeekError } from "@peek/errors";
import { parseIntoClientConfig } from "pg-connection-string";

/** The address of a database, and the account that logs in. */
export interface ConnectionTarget {
  /** The embedded database, or that of storage.connectUrl. */
  readonly kind: "embedded" | "server";
  /** A host name, an address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Read for each new connection, since it may change. Undefined where the server asks for none. */
  readonly password: string | undefined;
  readonly database: string;
  /** False: unencrypted. */
  readonly tls: false | ConnectionOptions;
}

/**
 * Parses `storage.connectUrl`, with the parameters of PostgreSQL's own programs (`sslmode`, `sslrootcert`, …).
 *
 * @throws PeekError `STORAGE_REFUSED` when it is invalid, or when a certificate's file cannot be read.
 */
export function parseConnectUrl(url: string): ConnectionTarget {
  const { host, port, user, password, database, ssl } = parse(url);
  if (user === undefined || user === "" || database === undefined || database === null || database === "") {
    throw refused("a user and a database are required: postgresql://user:password@host:5432/database");
  }
  return {
    kind: "server",
    host: host === undefined || host === null || host === "" ? "localhost" : host,
    port: port ?? 5432,
    user,
    password: typeof password === "string" && password !== "" ? password : undefined,
    database,
    tls: ssl === undefined || ssl === false ? false : ssl === true ? {} : ssl,
  };
}

/** Describes a database in messages, without its password. */
export function describeTarget({ host, port, user, database }: ConnectionTarget): string {
  return host.startsWith("/")
    ? `${database} at the socket ${host} (port ${port}), as ${user}`
    : `${database} at ${host}:${port}, as ${user}`;
}

function parse(url: string): ReturnType<typeof parseIntoClientConfig> {
  try {
    return parseIntoClientConfig(withLibpqMeaning(url));
  } catch (cause) {
    throw refused(messageOf(cause), cause);
  }
}

/** With it, `sslmode=require` means the same as to psql: encrypted, without a check of the certificate. */
function withLibpqMeaning(url: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}uselibpqcompat=true`;
}

function refused(reason: string, cause?: unknown): PeekError {
  return new PeekError("STORAGE_REFUSED", `storage.connectUrl in config.json is invalid: ${reason}.`, { cause });
}
