import type { IncomingMessage } from "node:http";
import type { ServiceName } from "@peek/plugin-base";

/** Whom a credential is of. */
export interface Credential {
  readonly service: ServiceName;
  /** Which one it is, in words for the log: `token k3v9x2m7`, `certificate agent.plant7.example`. */
  readonly title: string;
  /** Whether it is good still. */
  isValid(): boolean;
}

/** Why somebody is not let in: for the log here, and for the one who is refused. */
export interface Refusal {
  /** What is the same for all that are refused for the same reason, where the reason says more. Default: the reason. */
  readonly kind?: string;
  readonly reason: string;
}

/** Tells who connects, by what they hold and never by what they say. */
export interface Authenticator {
  authenticate(request: IncomingMessage): Credential | Refusal;
  /** Calls when a credential may have become invalid, other than by its time. */
  onChange(listener: () => void): Disposable;
}
