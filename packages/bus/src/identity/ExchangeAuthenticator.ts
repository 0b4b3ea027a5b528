import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import type { Logger } from "@peek/plugin-base";
import { Listeners } from "@peek/kit";
import type { Authenticator, Credential, Refusal } from "../ws/Authenticator.ts";
import { verifyClientCertificate } from "./verifyClientCertificate.ts";
import type { TokenStore, TokenVerdict } from "./TokenStore.ts";

/** Knows services by their tokens, or, with mutual TLS, by the certificates that they show. */
export class ExchangeAuthenticator implements Authenticator, Disposable {
  readonly #tokens: TokenStore;
  readonly #byCertificate: boolean;
  readonly #watching: Disposable;
  readonly #listeners = new Listeners<void>();

  /**
   * @param byCertificate Whether the certificate counts, and no token: those who connect have been made to show one, and
   *   it has been verified.
   */
  constructor(tokens: TokenStore, byCertificate: boolean, logger: Logger) {
    this.#tokens = tokens;
    this.#byCertificate = byCertificate;
    this.#watching = tokens.onChange((trouble) => {
      if (trouble !== undefined) {
        logger.error({ code: trouble.code }, "Tokens cannot be checked as they should be: %s", trouble.message);
      }
      this.#listeners.tell();
    });
  }

  authenticate(request: IncomingMessage): Credential | Refusal {
    return this.#byCertificate ? certified(request) : this.#identified(request);
  }

  onChange(listener: () => void): Disposable {
    return this.#listeners.add(listener);
  }

  [Symbol.dispose](): void {
    this.#watching[Symbol.dispose]();
    this.#listeners.clear();
  }

  #identified({ headersDistinct: { authorization = [] } }: IncomingMessage): Credential | Refusal {
    const [shown, ...others] = authorization;
    if (shown === undefined) return { reason: "it shows no token; make one on logic's machine with peek token create" };
    // Whoever looks at one part of it, or at one of several, could take it for another than we do.
    const [, text = ""] = (others.length === 0 ? /^Bearer +(\S+)$/i.exec(shown) : null) ?? [];
    const verdict = this.#tokens.verify(text);
    if (!verdict.ok) return { kind: verdict.reason, reason: reasonOf(verdict) };
    const { service, id } = verdict;
    return { service, title: `token ${id}`, isValid: () => this.#tokens.isValid(id) };
  }
}

function certified({ socket }: IncomingMessage): Credential | Refusal {
  const verdict = socket instanceof TLSSocket ? verifyClientCertificate(socket) : undefined;
  if (verdict === undefined) {
    return {
      reason: "it showed no certificate; set dataExchange.sslEnableMutualTLS and sslClientBundleFilePath there",
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
  malformed: "what it shows is not a token; copy all of what peek token create printed",
  unknown: "% is not known to this logic; see peek token list on its machine",
  revoked: "% has been revoked; make another with peek token create on logic's machine",
  expired: "% has expired; make another with peek token create on logic's machine",
  unusable: "logic cannot read its tokens; see its log",
};
