import { type Peer, type ServiceName, serviceNames } from "@peek/plugin-base";
import type { ChosenVersion } from "./chooseVersion.ts";
import type { AdminRequest } from "./pluginAdminRpc.ts";
import type { PluginOnService, ServiceChangeInput } from "./pluginChangesRpc.ts";

/** The order in which services run a new version: logic migrates the database, and browsers are served last. */
const commitOrder: readonly ServiceName[] = ["logic", "worker", "agent", "field", "office"];
/** The kinds that are made in the reverse order. */
const reversed: ReadonlySet<AdminRequest["kind"]> = new Set(["disable", "rollback", "remove"]);

/** A connected instance, and how the plugin is there. */
export interface ConnectedService {
  readonly peer: Peer;
  readonly state: PluginOnService;
}

/** The change of one instance. */
export interface ChangeTarget {
  readonly peer: Peer;
  readonly change: ServiceChangeInput;
  /** The change that undoes it, when it is done and fails on another instance. Absent where there is nothing to go back to. */
  readonly undo?: ServiceChangeInput;
}

/** The instances that a change concerns, in the order of their commits. */
export interface ChangeTargets {
  readonly targets: readonly ChangeTarget[];
  /** Those on which the plugin is already as the change wants it. */
  readonly unchanged: readonly Peer[];
}

/**
 * Determines the instances that a change concerns.
 *
 * @param chosen The version for an upgrade, a rollback or an installation.
 */
export function changeTargets(
  request: AdminRequest,
  connected: readonly ConnectedService[],
  chosen: ChosenVersion | undefined,
): ChangeTargets {
  const { kind, services } = request;
  const inOrder = inCommitOrder(connected, reversed.has(kind));
  const concerned = inOrder.filter(({ peer, state }) => {
    if (kind === "enable") return !state.isEnabled;
    if (kind === "install") return services !== undefined || chosen?.services.includes(peer.service) === true;
    return state.isEnabled;
  });
  const asWanted = ({ state }: ConnectedService): boolean =>
    chosen !== undefined && state.isEnabled && state.installed === chosen.name;
  const unchanged = kind === "enable" ? connected.filter(({ state }) => state.isEnabled) : concerned.filter(asWanted);
  return {
    targets: concerned
      .filter((each) => !asWanted(each))
      .map(({ peer, state }) => ({ peer, ...changesOf(request, state, chosen) })),
    unchanged: unchanged.map(({ peer }) => peer),
  };
}

/** Sorts instances by the order of commits. */
export function inCommitOrder(
  connected: readonly ConnectedService[],
  isReversed: boolean,
): readonly ConnectedService[] {
  const ordered = commitOrder.flatMap((service) => connected.filter(({ peer }) => peer.service === service));
  return isReversed ? ordered.toReversed() : ordered;
}

function changesOf(
  { kind, plugin, followsFile = false }: AdminRequest,
  { isEnabled, installed, current }: PluginOnService,
  chosen: ChosenVersion | undefined,
): Omit<ChangeTarget, "peer"> {
  if (kind === "reload") return { change: { kind, plugin } };
  if (kind === "enable") {
    return { change: { kind, plugin, followsFile }, undo: { kind: "disable", plugin, followsFile } };
  }
  if (chosen === undefined) return { change: { kind: "disable", plugin, followsFile } };
  const version = chosen.name;
  if (!isEnabled) {
    const undo = { kind: "disable", plugin, version: current ?? null } as const;
    return { change: { kind: "enable", plugin, version }, undo };
  }
  const undo = { kind: "reload", plugin, version: installed ?? null } as const;
  return { change: { kind: "reload", plugin, version }, undo };
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
