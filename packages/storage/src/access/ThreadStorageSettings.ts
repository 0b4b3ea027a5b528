import type { ClientSettings } from "../connection/clientConfig.ts";
import type { ConnectionTarget } from "../connection/ConnectionTarget.ts";

/** How a thread opens the storage of a plugin: data. */
export interface ThreadStorageSettings {
  readonly target: ConnectionTarget;
  /** Whether the name in the server's certificate is not checked: functions cannot be sent to a thread. */
  readonly anyServerName: boolean;
  readonly client: ClientSettings;
  readonly schema: string;
  readonly title: string;
  readonly acquireTimeoutMs: number;
}

/** What can be sent to a thread of how a database is reached. */
export function sendable({
  tls,
  ...target
}: ConnectionTarget): Pick<ThreadStorageSettings, "target" | "anyServerName"> {
  const { kind, host, port, user, password, database } = target;
  const plain = { kind, host, port, user, password, database };
  if (tls === false) return { target: { ...plain, tls }, anyServerName: false };
  const { checkServerIdentity, ...options } = tls;
  return { target: { ...plain, tls: options }, anyServerName: checkServerIdentity !== undefined };
}
