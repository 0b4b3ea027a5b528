import { readFileSync } from "node:fs";
import { type Authenticator, credsAuthenticator, type TlsOptions } from "@nats-io/transport-node";
import { messageOf, PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import { natsUserOf } from "./natsPermissions.ts";

/** The NATS servers, and the credentials of a service. */
export interface NatsConfig {
  /** `nats://host:4222`, or `tls://host:4222` to require TLS. */
  readonly servers: readonly string[];
  /** Default: `peek_<service>`. */
  readonly user?: string | undefined;
  /** The password of {@link user}. Default: none. */
  readonly password?: string | undefined;
  /** A token in place of user and password. Default: none. */
  readonly token?: string | undefined;
  /** A file with a JWT and its key in place of user and password; read again before each connection. Default: none. */
  readonly credentialsFile?: string | undefined;
  /** PEM texts: authorities in addition to those of Node, and the service's own certificate. Default: none. */
  readonly tls?:
    | {
        readonly ca?: string | Buffer | undefined;
        readonly cert?: string | Buffer | undefined;
        readonly key?: string | Buffer | undefined;
      }
    | undefined;
}

/** The address of a NATS server. */
export interface NatsServerAddress {
  readonly host: string;
  readonly port: number;
  /** `host:4222`, for the log. */
  readonly title: string;
}

/** A checked {@link NatsConfig}, in the form that the NATS client takes. */
export interface NatsSettings {
  readonly servers: readonly NatsServerAddress[];
  /** Names the account, for the log: `the user peek_logic`. */
  readonly account: string;
  readonly login: { readonly user?: string; readonly pass?: string; readonly token?: string };
  readonly authenticator: Authenticator | undefined;
  readonly tls: TlsOptions | undefined;
}

const defaultPort = 4222;

/**
 * Checks the configuration.
 *
 * @throws PeekError `NATS_UNUSABLE`
 */
export function parseNatsConfig(config: NatsConfig, service: ServiceName): NatsSettings {
  const urls = config.servers.map(parseServer);
  if (urls.length === 0) throw natsUnusable("No NATS server is configured. Set dataExchange.nats.servers.");
  const schemes = new Set(urls.map(({ protocol }) => protocol));
  if (schemes.size > 1) {
    throw natsUnusable("dataExchange.nats.servers mixes tls:// and nats://. Use the same scheme for all servers.");
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

/** The NATS settings, or the NATS server, cannot be used. */
export function natsUnusable(message: string, cause?: unknown): PeekError {
  return new PeekError("NATS_UNUSABLE", message, cause === undefined ? {} : { cause });
}

function parseServer(text: string): URL {
  const url = URL.parse(text.includes("://") ? text : `nats://${text}`);
  if (url === null || !["nats:", "tls:"].includes(url.protocol) || url.hostname === "" || !/^\/?$/.test(url.pathname)) {
    // The message must not contain the text, which may hold a password.
    throw natsUnusable(
      'A NATS server in dataExchange.nats.servers is invalid. Write it as "nats://host:4222" or "tls://host:4222".',
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw natsUnusable(
      `The NATS server ${url.host} in dataExchange.nats.servers contains a user. Set dataExchange.nats.user and password instead.`,
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
    throw natsUnusable(
      "Set only one of dataExchange.nats.token, dataExchange.nats.credentialsFilePath, and dataExchange.nats.user with password.",
    );
  }
  if (token !== undefined) return { account: "the token", login: { token }, authenticator: undefined };
  if (credentialsFile !== undefined) {
    const read = (): Buffer => readCredentials(credentialsFile);
    const authenticator = credsAuthenticator(read);
    // Fails early.
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
    throw natsUnusable(
      `Failed to read the credentials for NATS: ${messageOf(error)}. Correct dataExchange.nats.credentialsFilePath.`,
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
