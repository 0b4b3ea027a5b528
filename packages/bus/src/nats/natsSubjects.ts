import { type PeerIdentity, type ServiceName, serviceNames } from "@peek/plugin-base";
import { serviceOfInstance } from "../instanceName.ts";

/*
 * What is said where. Each subject has the sender's service at a fixed place, so that the server's permissions can see to
 * it that nobody speaks as another:
 *
 *   peek.to.<service>.<instance>.<connection>.<from service>.<from instance>.<from connection>   texts
 *   peek.presence.<service>.<instance>.<connection>                                              a service of itself
 *   peek.who.<service>.<from service>.<from instance>.<from connection>                          asks all of a service for that
 *   _INBOX_<service>.<instance>.<connection>.<…>                                                 that there is nobody
 */

/**
 * A running service over one of its connections. What is meant for a connection that was cut never gets to the next one:
 * its sender has been told that it was lost.
 */
export interface NatsAddress extends PeerIdentity {
  /** Counts the connections of the process, from 1. */
  readonly connection: number;
}

const connectionPattern = /^[1-9]\d{0,9}$/;

/** Where the texts for somebody arrive: what is appended says from whom. */
export function textsFor(to: NatsAddress): string {
  return `peek.to.${tokensOf(to)}`;
}

export function textSubject(to: NatsAddress, from: NatsAddress): string {
  return `${textsFor(to)}.${tokensOf(from)}`;
}

/** Where somebody tells that it is there, and what it serves. */
export function presenceSubject(of: NatsAddress): string {
  return `peek.presence.${tokensOf(of)}`;
}

/** Where all of a service are asked to tell somebody that they are there. */
export function whoSubject(service: ServiceName, asker: NatsAddress): string {
  return `peek.who.${service}.${tokensOf(asker)}`;
}

/** Where the server tells that nobody gets what was sent; what is appended says what that was. */
export function inboxOf(self: NatsAddress): string {
  return `_INBOX_${tokensOf(self)}`;
}

/** The address in the last tokens of a subject; undefined when there is none. */
export function addressIn(subject: string): NatsAddress | undefined {
  const [service, instance, connection] = subject.split(".").slice(-3);
  if (service === undefined || instance === undefined || connection === undefined) return undefined;
  const known = serviceNames.find((name) => name === service);
  // An instance is told by its name alone: nobody may have one that says another service than its credential.
  if (known === undefined || serviceOfInstance(instance) !== known || !connectionPattern.test(connection)) {
    return undefined;
  }
  return { service: known, instance, connection: Number(connection) };
}

function tokensOf({ service, instance, connection }: NatsAddress): string {
  return `${service}.${instance}.${connection}`;
}
