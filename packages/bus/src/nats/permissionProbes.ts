import { type ServiceName, serviceNames } from "@peek/plugin-base";
import type { NatsServerConnection } from "./NatsServerConnection.ts";
import { probeFrame } from "./natsFrame.ts";

/** In the place of an instance: nobody is called that, and whoever reads the server's log sees what it is for. */
const proof = "proof";

/**
 * Tries what a service must not be able to do, so as to be sure that its server keeps it, and so all others, from it:
 * to speak as another, and to read what is sent to another. Nobody acts on what is sent.
 *
 * @param denied The subjects of which the server has complained.
 * @returns What the server lets it do; undefined when all is as it must be, or the link has ended.
 */
export async function findExcessPermission(
  link: NatsServerConnection,
  self: ServiceName,
  denied: ReadonlySet<string>,
): Promise<string | undefined> {
  const others = serviceNames.filter((name) => name !== self);
  const spoken = [
    // To each service, and as each other one.
    ...serviceNames.map((to, index) => {
      const other = others[index % others.length] ?? to;
      return { other, subject: `peek.to.${to}.${proof}.${proof}.${other}.${proof}.${proof}` };
    }),
    ...serviceNames.map((to, index) => {
      const other = others[index % others.length] ?? to;
      return { other, subject: `peek.who.${to}.${other}.${proof}.${proof}` };
    }),
    ...others.map((other) => ({ other, subject: `peek.presence.${other}.${proof}.${proof}` })),
    // There, the server tells that nobody gets what was sent.
    ...others.map((other) => ({ other, subject: `_INBOX_${other}.${proof}.${proof}` })),
  ];
  for (const { subject } of spoken) link.publish(subject, probeFrame);
  const readable = new Set<ServiceName>(others);
  for (const other of others) {
    const heard = new Set([`peek.to.${other}.${proof}.${proof}.>`, `_INBOX_${other}.${proof}.${proof}.>`]);
    for (const subject of heard) {
      const onDenied = (): void => {
        heard.delete(subject);
        if (heard.size === 0) readable.delete(other);
      };
      link.subscribe(subject, () => undefined, onDenied);
    }
  }
  await link.flush();
  // What the server complained about is told a little after its answer.
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
  if (!link.isOpen) return undefined;
  const impersonated = spoken.find(({ subject }) => !denied.has(subject));
  if (impersonated !== undefined) return `speak as ${impersonated.other}`;
  const [read] = readable;
  return read === undefined ? undefined : `read what is sent to ${read}`;
}

/** Whether a subject is one that was tried only to see that it is denied. */
export function isPermissionProbe(subject: string): boolean {
  return subject.split(".").includes(proof);
}
