import { type ServiceName, serviceNames } from "@peek/plugin-base";
import { probeFrame } from "./natsFrames.ts";
import type { NatsServerConnection } from "./NatsServerConnection.ts";

/** The instance and connection in the subjects of probes. No instance has this name, and readers of the server's log recognise it. */
const proof = "proof";

/**
 * Tries operations that the server must deny: impersonating another service, and reading messages to another service. A server
 * that permits one to this service may permit it to all. Peers ignore the published probes.
 *
 * @param denied The subjects of probes that the server has denied so far.
 * @returns The permitted action, such as `impersonate logic`; undefined when all are denied, or the connection has ended.
 */
export async function findExcessPermission(
  connection: NatsServerConnection,
  self: ServiceName,
  denied: ReadonlySet<string>,
): Promise<string | undefined> {
  const others = serviceNames.filter((name) => name !== self);
  const published = [
    // To each service, and as each other service.
    ...serviceNames.map((to, index) => {
      const other = others[index % others.length] ?? to;
      return { other, subject: `peek.to.${to}.${proof}.${proof}.${other}.${proof}.${proof}` };
    }),
    ...serviceNames.map((to, index) => {
      const other = others[index % others.length] ?? to;
      return { other, subject: `peek.who.${to}.${other}.${proof}.${proof}` };
    }),
    ...others.map((other) => ({ other, subject: `peek.presence.${other}.${proof}.${proof}` })),
    // Only the server may report a missing receiver.
    ...others.map((other) => ({ other, subject: `_INBOX_${other}.${proof}.${proof}` })),
  ];
  for (const { subject } of published) connection.publish(subject, probeFrame);
  const readable = new Set<ServiceName>(others);
  for (const other of others) {
    const subscribed = new Set([`peek.to.${other}.${proof}.${proof}.>`, `_INBOX_${other}.${proof}.${proof}.>`]);
    for (const subject of subscribed) {
      const onDenied = (): void => {
        subscribed.delete(subject);
        if (subscribed.size === 0) readable.delete(other);
      };
      connection.subscribe(subject, () => undefined, onDenied);
    }
  }
  await connection.flush();
  // The client reports denials a little after the answer to the flush.
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
  if (!connection.isOpen) return undefined;
  const impersonated = published.find(({ subject }) => !denied.has(subject));
  if (impersonated !== undefined) return `impersonate ${impersonated.other}`;
  const [read] = readable;
  return read === undefined ? undefined : `read messages to ${read}`;
}

/** Whether a subject is that of a probe. */
export function isPermissionProbe(subject: string): boolean {
  return subject.split(".").includes(proof);
}
