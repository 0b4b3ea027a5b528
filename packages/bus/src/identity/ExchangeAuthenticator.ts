import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { Listeners } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import type { Authenticator, Credential, Refusal } from "../ws/Authenticator.ts";
import type { TokenStore, TokenVerdict } from "./TokenStore.ts";
import { verifyClientCertificate } from "./verifyClientCertificate.ts";

/** Identifies services by their tokens or, with mutual TLS, by their certificates. */
export class ExchangeAuthenticator implements Authenticator, Disposable {
  readonly #tokens: TokenStore;
  readonly #byCertificate: boolean;
  readonly #tokensWatch: Disposable;
  readonly #listeners = new Listeners<void>();

  /**
   * @param byCertificate Whether to identify services by their certificates alone. The TLS server must request and verify client
   *   certificates then.
   */
  constructor(tokens: TokenStore, byCertificate: boolean, logger: Logger) {
    this.#tokens = tokens;
    this.#byCertificate = byCertificate;
    this.#tokensWatch = tokens.onChange((error) => {
      if (error !== undefined) {
        logger.error({ code: error.code }, "Failed to read the tokens: %s", error.message);
      }
      this.#listeners.notify();
    });
  }

  authenticate(request: IncomingMessage): Credential | Refusal {
    return this.#byCertificate ? byCertificate(request) : this.#byToken(request);
  }

  onChange(listener: () => void): Disposable {
    return this.#listeners.add(listener);
  }

  [Symbol.dispose](): void {
    this.#tokensWatch[Symbol.dispose]();
    this.#listeners.clear();
  }

  #byToken({ headersDistinct: { authorization = [] } }: IncomingMessage): Credential | Refusal {
    const [header, ...others] = authorization;
    if (header === undefined) {
      return { reason: "it presents no token; make one on logic's machine with peek token create" };
    }
    // The whole of a single header must match: a proxy could read another token from a part of it, or from another header.
    const [, text = ""] = (others.length === 0 ? /^Bearer +(\S+)$/i.exec(header) : null) ?? [];
    const verdict = this.#tokens.verify(text);
    if (!verdict.ok) return { kind: verdict.reason, reason: reasonOf(verdict) };
    const { service, id } = verdict;
    return { service, title: `token ${id}`, isValid: () => this.#tokens.isValid(id) };
  }
}

function byCertificate({ socket }: IncomingMessage): Credential | Refusal {
  const verdict = socket instanceof TLSSocket ? verifyClientCertificate(socket) : undefined;
  if (verdict === undefined) {
    return {
      reason: "it presented no certificate; set dataExchange.sslEnableMutualTLS and sslClientBundleFilePath there",
    };
  }
  if (!verdict.ok) return verdict;
  const { service, name, validTo } = verdict;
  return { service, title: `certificate ${name}`, isValid: () => Date.now() < validTo.getTime() };
}

function reasonOf({ reason, id }: Extract<TokenVerdict, { readonly ok: false }>): string {
  const token = id === undefined ? "its token" : `its token ${id}`;
  return reasons[reason].replace("%", token);
}

const reasons: Readonly<Record<Extract<TokenVerdict, { readonly ok: false }>["reason"], string>> = {
  malformed: "its token is malformed; copy all of the output of peek token create",
  unknown: "% is not known to this logic; see peek token list on its machine",
  revoked: "% has been revoked; make another with peek token create on logic's machine",
  expired: "% has expired; make another with peek token create on logic's machine",
  unusable: "logic cannot read its tokens; see its log",
};
