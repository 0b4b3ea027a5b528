import type { ClientSettings } from "../connection/clientConfig.ts";
import type { ConnectionTarget } from "../connection/ConnectionTarget.ts";

/** The settings by which a thread opens the storage of a plugin: plain data that can be sent to it. */
export interface ThreadStorageSettings {
  readonly target: ConnectionTarget;
  /** Whether the name in the server's certificate is not checked, in place of a function, which cannot be sent. */
  readonly skipServerNameCheck: boolean;
  readonly client: ClientSettings;
  readonly schema: string;
  readonly title: string;
  readonly acquireTimeoutMs: number;
}

/** A copy of a target that can be sent to a thread. */
export function toThreadTarget({
  tls,
  ...target
}: ConnectionTarget): Pick<ThreadStorageSettings, "target" | "skipServerNameCheck"> {
  const { kind, host, port, user, password, database } = target;
  const plain = { kind, host, port, user, password, database };
  if (tls === false) return { target: { ...plain, tls }, skipServerNameCheck: false };
  const { checkServerIdentity, ...options } = tls;
  return { target: { ...plain, tls: options }, skipServerNameCheck: checkServerIdentity !== undefined };
}
