import type { IncomingMessage } from "node:http";
import type { ServiceName } from "@peek/plugin-base";

/** A verified credential of a service. */
export interface Credential {
  readonly service: ServiceName;
  /** Identifies the credential in the log: `token k3v9x2m7`, `certificate agent.plant7.example`. */
  readonly title: string;
  /** Whether the credential is still valid. */
  isValid(): boolean;
}

/** Why a connection is refused. */
export interface Refusal {
  /** Equal for refusals of the same kind, when the reason varies. Default: the reason. */
  readonly kind?: string;
  /** The reason, for the log and for the refused service: the middle of a sentence. */
  readonly reason: string;
}

/** Determines which service connects, by its credential alone. */
export interface Authenticator {
  authenticate(request: IncomingMessage): Credential | Refusal;
  /** Adds a listener that is called when credentials may have become invalid, other than by expiring. */
  onChange(listener: () => void): Disposable;
}
