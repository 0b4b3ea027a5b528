import type { ConnectionOptions } from "node:tls";
import { messageOf, PeekError } from "@peek/errors";
import { parseIntoClientConfig } from "pg-connection-string";

/** A database, and the account that it is reached by. */
export interface ConnectionTarget {
  /** How messages call it: the embedded database, or that of storage.connectUrl. */
  readonly kind: "embedded" | "server";
  /** A name, an address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Read for each connection: it may come to be another. Undefined where the server asks for none. */
  readonly password: string | undefined;
  readonly database: string;
  /** False: in the clear. */
  readonly tls: false | ConnectionOptions;
}

/**
 * What `storage.connectUrl` says, in the notation of PostgreSQL's own programs (`sslmode`, `sslrootcert`, …).
 *
 * @throws PeekError `STORAGE_REFUSED` when it cannot be used: a certificate's file that cannot be read, a port that
 *   is none.
 */
export function parseConnectUrl(url: string): ConnectionTarget {
  const { host, port, user, password, database, ssl } = parse(url);
  if (user === undefined || user === "" || database === undefined || database === null || database === "") {
    throw refused("it needs a user and a database: postgresql://user:password@host:5432/database");
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

/** A database as it is named in messages, without its password. */
export function nameOf({ host, port, user, database }: ConnectionTarget): string {
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

/** `sslmode=require` then means what it means to psql: encrypted, with nobody's certificate checked. */
function withLibpqMeaning(url: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}uselibpqcompat=true`;
}

function refused(what: string, cause?: unknown): PeekError {
  return new PeekError("STORAGE_REFUSED", `storage.connectUrl in config.json cannot be used: ${what}.`, { cause });
}
