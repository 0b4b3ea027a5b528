import { readFileSync } from "node:fs";
import { messageOf, PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import { type Authenticator, credsAuthenticator, type TlsOptions } from "@nats-io/transport-node";
import { natsUserOf } from "./natsPermissions.ts";

/** Where the NATS servers are, and what a service shows to them. */
export interface NatsConfig {
  /** `nats://host:4222`, or `tls://host:4222` for one that must not be spoken to in the clear. */
  readonly servers: readonly string[];
  /** Default: `peek_<service>`. */
  readonly user?: string | undefined;
  /** The password of {@link user}. Default: none. */
  readonly password?: string | undefined;
  /** In the place of a user and a password, where the server knows services by tokens. Default: none. */
  readonly token?: string | undefined;
  /** A file with a JWT and its key, in their place; it is read anew before each connection. Default: none. */
  readonly credentialsFile?: string | undefined;
  /** PEM texts: whom to trust besides the authorities that Node knows, and the service's own certificate. Default: none. */
  readonly tls?:
    | {
        readonly ca?: string | Buffer | undefined;
        readonly cert?: string | Buffer | undefined;
        readonly key?: string | Buffer | undefined;
      }
    | undefined;
}

/** One server: where it is, as the client wants it and as people read it. */
export interface NatsServerAddress {
  readonly host: string;
  readonly port: number;
  /** `host:4222` */
  readonly title: string;
}

/** A {@link NatsConfig} that was checked, as the client wants it. */
export interface NatsSettings {
  readonly servers: readonly NatsServerAddress[];
  /** In words, for the log: which account it is. */
  readonly account: string;
  readonly login: { readonly user?: string; readonly pass?: string; readonly token?: string };
  readonly authenticator: Authenticator | undefined;
  readonly tls: TlsOptions | undefined;
}

const defaultPort = 4222;

/**
 * Checks what the configuration says.
 *
 * @throws PeekError `NATS_UNUSABLE`
 */
export function parseNatsConfig(config: NatsConfig, service: ServiceName): NatsSettings {
  const urls = config.servers.map(parseServer);
  if (urls.length === 0) throw unusable("No NATS server is named. Set dataExchange.nats.servers.");
  const schemes = new Set(urls.map(({ protocol }) => protocol));
  if (schemes.size > 1) {
    throw unusable("Of the NATS servers, some begin with tls:// and some with nats://. Let all begin with the same.");
  }
  const wantsTls = schemes.has("tls:") || config.tls !== undefined;
  return {
    servers: urls.map((url) => {
      const port = url.port === "" ? defaultPort : Number(url.port);
      return { host: url.hostname.replace(/^\[|\]$/g, ""), port, title: `${url.hostname}:${port}` };
    }),
    ...loginOf(config, service),
    tls: wantsTls ? tlsOf(config.tls ?? {}) : undefined,
  };
}

/** The settings of NATS cannot be used, or its server cannot. */
export function unusable(message: string, cause?: unknown): PeekError {
  return new PeekError("NATS_UNUSABLE", message, cause === undefined ? {} : { cause });
}

function parseServer(text: string): URL {
  const url = URL.parse(text.includes("://") ? text : `nats://${text}`);
  if (url === null || !["nats:", "tls:"].includes(url.protocol) || url.hostname === "" || !/^\/?$/.test(url.pathname)) {
    // What cannot be read may hold a password.
    throw unusable(
      'A NATS server in dataExchange.nats.servers is not written as it must be: "nats://host:4222", or "tls://host:4222".',
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw unusable(
      `The NATS server ${url.host} is written with a user in dataExchange.nats.servers. Set dataExchange.nats.user and password instead.`,
    );
  }
  return url;
}

function loginOf(
  { user, password, token, credentialsFile }: NatsConfig,
  service: ServiceName,
): Pick<NatsSettings, "account" | "login" | "authenticator"> {
  const kinds = [token, credentialsFile, user ?? password].filter((value) => value !== undefined);
  if (kinds.length > 1) {
    throw unusable(
      "Of dataExchange.nats.token, credentialsFilePath, and user with password, more than one is set. Leave the one that the server knows this service by.",
    );
  }
  if (token !== undefined) return { account: "the token", login: { token }, authenticator: undefined };
  if (credentialsFile !== undefined) {
    const read = (): Buffer => readCredentials(credentialsFile);
    const authenticator = credsAuthenticator(read);
    read();
    return { account: `the credentials in ${credentialsFile}`, login: {}, authenticator };
  }
  const name = user ?? natsUserOf(service);
  return {
    account: `the user ${name}`,
    login: { user: name, ...(password !== undefined && { pass: password }) },
    authenticator: undefined,
  };
}

function readCredentials(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unusable(
      `The credentials for NATS cannot be read: ${messageOf(error)}. Correct dataExchange.nats.credentialsFilePath.`,
      error,
    );
  }
}

function tlsOf({ ca, cert, key }: NonNullable<NatsConfig["tls"]>): TlsOptions {
  return {
    ...(ca !== undefined && { ca: ca.toString() }),
    ...(cert !== undefined && { cert: cert.toString() }),
    ...(key !== undefined && { key: key.toString() }),
  };
}
