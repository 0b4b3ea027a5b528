import type { ChangeKind } from "@peek/loader";
import { type Peer, type ServiceName, serviceNames } from "@peek/plugin-base";

/** The order in which services run a new version: logic migrates the database, and browsers are served last. */
const commitOrder: readonly ServiceName[] = ["logic", "worker", "agent", "field", "office"];

/** A connected instance, and whether the plugin is enabled there. */
export interface ConnectedService {
  readonly peer: Peer;
  readonly isEnabled: boolean;
}

/** The instances that a change concerns, in the order of their commits. */
export interface ChangeTargets {
  readonly peers: readonly Peer[];
  /** Those on which the plugin is already as the change wants it. */
  readonly unchanged: readonly Peer[];
}

/** Determines the instances that a change concerns. */
export function changeTargets(kind: ChangeKind, connected: readonly ConnectedService[]): ChangeTargets {
  const isWanted = kind !== "enable";
  const peers = connected.filter(({ isEnabled }) => isEnabled === isWanted).map(({ peer }) => peer);
  const ordered = commitOrder.flatMap((service) => peers.filter((peer) => peer.service === service));
  return {
    peers: kind === "disable" ? ordered.toReversed() : ordered,
    unchanged: kind === "enable" ? connected.filter(({ isEnabled }) => isEnabled).map(({ peer }) => peer) : [],
  };
}

/** The services that are not connected, of those that were asked for, or else of those that the plugin has a part for. */
export function awayServices(
  hasPartFor: ReadonlySet<string>,
  connected: readonly ConnectedService[],
  wanted: readonly ServiceName[] | undefined,
): readonly ServiceName[] {
  const present = new Set(connected.map(({ peer }) => peer.service));
  const concerned = wanted ?? serviceNames.filter((service) => hasPartFor.has(service));
  return concerned.filter((service) => !present.has(service));
}
