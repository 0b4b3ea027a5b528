import { type PeerIdentity, type ServiceName, serviceNames } from "@peek/plugin-base";
import { serviceOfInstance } from "../instanceName.ts";

/*
 * The subjects of the protocol over NATS. Each has the sender's service at a fixed position, so that the permissions of the NATS
 * server keep a service from impersonating another:
 *
 *   peek.to.<service>.<instance>.<connection>.<from service>.<from instance>.<from connection>
 *       messages to one connection of an instance, and its answers to presence queries
 *   peek.presence.<service>.<instance>.<connection>
 *       the presence of an instance: its record, with each heartbeat and each change; empty when it leaves
 *   peek.who.<service>.<from service>.<from instance>.<from connection>
 *       a presence query: all instances of a service send their record to the sender
 *   _INBOX_<service>.<instance>.<connection>.<…>
 *       "no responders" from the NATS server: a message or query had no receiver
 *
 * See natsFrames.ts for the contents.
 */

/**
 * One connection of a running service. A message to a connection that was lost never reaches the next one: its sender has been
 * notified of the loss.
 */
export interface NatsAddress extends PeerIdentity {
  /** Counts the connections of the process, from 1. */
  readonly connection: number;
}

const connectionPattern = /^[1-9]\d{0,9}$/;

/** The prefix of all subjects with messages for an address. */
export function messagesTo(to: NatsAddress): string {
  return `peek.to.${tokensOf(to)}`;
}

/** The subject of messages from one address to another. */
export function messageSubject(to: NatsAddress, from: NatsAddress): string {
  return `${messagesTo(to)}.${tokensOf(from)}`;
}

/** The subject of an instance's presence. */
export function presenceSubject(of: NatsAddress): string {
  return `peek.presence.${tokensOf(of)}`;
}

/** The subject of a presence query. */
export function presenceQuerySubject(service: ServiceName, from: NatsAddress): string {
  return `peek.who.${service}.${tokensOf(from)}`;
}

/** The prefix of all subjects on which the server reports that there was no receiver. */
export function inboxOf(self: NatsAddress): string {
  return `_INBOX_${tokensOf(self)}`;
}

/** The address in the last tokens of a subject; undefined when there is none. */
export function addressIn(subject: string): NatsAddress | undefined {
  const [service, instance, connection] = subject.split(".").slice(-3);
  if (service === undefined || instance === undefined || connection === undefined) return undefined;
  const known = serviceNames.find((name) => name === service);
  // Peers identify an instance by its name alone, so the name must not claim another service than the credential's.
  if (known === undefined || serviceOfInstance(instance) !== known || !connectionPattern.test(connection)) {
    return undefined;
  }
  return { service: known, instance, connection: Number(connection) };
}

function tokensOf({ service, instance, connection }: NatsAddress): string {
  return `${service}.${instance}.${connection}`;
}
