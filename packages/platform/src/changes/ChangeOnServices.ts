import { ArchiveFolder, checkDowngrade } from "@peek/archive";
import { messageOf, PeekError } from "@peek/errors";
import type { PluginVortex } from "@peek/plugin-base";
import {
  awayServices,
  type ChangeTarget,
  changeTargets,
  type ConnectedService,
  inCommitOrder,
} from "./changeTargets.ts";
import { type ChosenVersion, chooseVersion } from "./chooseVersion.ts";
import { changeOnService, CommitOnServices } from "./CommitOnServices.ts";
import { discardOn, fetchOn, stateOn, uninstallOn } from "./onService.ts";
import type { AdminProgress, AdminRequest, AdminResult, ChangeOnService } from "./pluginAdminRpc.ts";
import type { ResultOnService } from "./pluginChangesRpc.ts";
import type { RemoteChange } from "./RemoteChange.ts";
import { summariseChange } from "./summariseChange.ts";
import { WantedRecorder } from "./WantedRecorder.ts";

/** The outcome of a change on all services, and on each. */
export type ChangedServices = Pick<AdminResult, "outcome" | "services" | "unchanged" | "away" | "error">;

/** The parts of logic that a {@link ChangeOnServices} is made with. */
export interface ChangeOnServicesParts {
  readonly vortex: PluginVortex;
  /** The `plugin-software` folder of logic. */
  readonly softwareDir: string;
  readonly tell: (progress: AdminProgress) => void;
}

interface Prepared {
  readonly target: ChangeTarget;
  readonly change: RemoteChange;
  /** undefined where the service is prepared. */
  readonly refusal: ResultOnService | undefined;
}

/** One change on all connected services that it concerns: all of them prepare it, before the first one stops anything. */
export class ChangeOnServices {
  readonly #parts: ChangeOnServicesParts;
  readonly #request: AdminRequest;
  readonly #commits: CommitOnServices;
  readonly #wanted: WantedRecorder;

  constructor(parts: ChangeOnServicesParts, request: AdminRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#commits = new CommitOnServices(parts.vortex.rpc, parts.tell);
    this.#wanted = new WantedRecorder(parts.softwareDir, parts.vortex.rpc, request);
  }

  /**
   * @param signal Cancels it until a service is asked to commit.
   * @throws PeekError when no service is concerned, or one does not say how the plugin is there.
   */
  async execute(signal: AbortSignal): Promise<ChangedServices> {
    const connected = await this.#connected();
    const { services: wanted, kind } = this.#request;
    // The command says where the change has to be made instead.
    if (connected.length === 0 && wanted !== undefined && (kind === "enable" || kind === "disable"))
      return { outcome: "done", services: [], unchanged: [], away: wanted };
    const chosen = await this.#choose(connected);
    const { targets, unchanged } = changeTargets(this.#request, connected, chosen);
    if (targets.length === 0 && unchanged.length === 0 && kind !== "remove") throw this.#notConcerned(connected);
    const beside = { unchanged: unchanged.map(({ instance }) => instance), away: [] };
    if (chosen === undefined) return await this.#change(targets, connected, chosen, beside, signal);
    const fetched = await this.#fetch(targets, chosen, signal);
    let isKept = false;
    try {
      if (fetched.some(({ refusal }) => refusal !== undefined)) {
        const services = fetched.map(({ peer, refusal }) => this.#notMade(peer, refusal));
        return { ...this.#summary(signal.aborted, services), services, ...beside };
      }
      const changed = await this.#change(targets, connected, chosen, beside, signal);
      isKept = !this.#request.dryRun && changed.outcome !== "refused";
      return changed;
    } finally {
      const isNew = fetched.filter((each) => each.isNew && !isKept);
      await Promise.all(isNew.map(({ peer }) => discardOn(this.#rpc, peer, this.#request.plugin, chosen.name)));
    }
  }

  get #rpc(): PluginVortex["rpc"] {
    return this.#parts.vortex.rpc;
  }

  async #connected(): Promise<readonly ConnectedService[]> {
    const { services, instances, plugin, kind } = this.#request;
    const peers = await this.#parts.vortex.presence.peers();
    const wanted = peers.filter(
      ({ service, instance }) => services?.includes(service) !== false && instances?.includes(instance) !== false,
    );
    const all = await Promise.all(
      wanted.map(async (peer) => ({ peer, state: await stateOn(this.#rpc, peer, plugin) })),
    );
    if (kind !== "remove") return all;
    // A plugin that another source has is not removed there.
    const installed = all.filter(({ state }) => state.versions.length > 0);
    if (installed.length === 0) throw notInstalled(plugin);
    return installed;
  }

  async #choose(connected: readonly ConnectedService[]): Promise<ChosenVersion | undefined> {
    const { kind, plugin, allowDowngrade = false } = this.#request;
    if (kind !== "upgrade" && kind !== "rollback" && kind !== "install") return undefined;
    const enabled = connected.filter(({ state }) => state.isEnabled);
    const running = enabled.flatMap(({ state }) => state.installed ?? []);
    const chosen = await chooseVersion(this.#parts.softwareDir, this.#request, new Set(running));
    if (kind === "rollback" || allowDowngrade) return chosen;
    const file = new ArchiveFolder(this.#parts.softwareDir).find(plugin, chosen.name)?.file ?? chosen.name;
    for (const { state } of enabled) checkDowngrade(plugin, chosen.version, state.version, file);
    return chosen;
  }

  async #fetch(
    targets: readonly ChangeTarget[],
    chosen: ChosenVersion,
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<typeof fetchOn>>[]> {
    const { plugin } = this.#request;
    const instances = targets.map(({ peer }) => peer.instance);
    this.#parts.tell({ type: "fetching", version: chosen.name, instances });
    return await Promise.all(targets.map(({ peer }) => fetchOn(this.#rpc, peer, { plugin, ...chosen }, signal)));
  }

  async #change(
    targets: readonly ChangeTarget[],
    connected: readonly ConnectedService[],
    chosen: ChosenVersion | undefined,
    { unchanged }: Pick<ChangedServices, "unchanged">,
    signal: AbortSignal,
  ): Promise<ChangedServices> {
    const { services: wanted, kind, dryRun } = this.#request;
    this.#parts.tell({ type: "preparing", instances: targets.map(({ peer }) => peer.instance) });
    const all = await this.#prepare(targets, signal);
    const hasPartFor = new Set(chosen?.services ?? all.flatMap(({ change }) => change.prepared?.services ?? []));
    const concerned = this.#concerned(all, hasPartFor, unchanged.length > 0);
    const beside = { unchanged, away: awayServices(hasPartFor, connected, wanted) };
    const refused = concerned.filter(({ refusal }) => refusal !== undefined);
    if (refused.length > 0 || signal.aborted || dryRun) {
      for (const { change } of all) change.cancel();
      const services = concerned.map(({ change, refusal }) => this.#notMade(change.peer, refusal, change));
      return { ...this.#summary(signal.aborted, services), services, ...beside };
    }
    try {
      this.#wanted.begin(connected, chosen);
    } catch (error) {
      for (const { change } of all) change.cancel();
      throw error;
    }
    const { services: made, left } = await this.#commits.commit(concerned);
    for (const service of made) this.#told(service);
    const rest = left.map(({ change }) => this.#notMade(change.peer, undefined, change));
    const changed = [...made, ...rest];
    const isMade = changed.every(({ outcome }) => outcome === "done");
    const services = isMade && kind === "remove" ? await this.#uninstall(changed, connected) : changed;
    const summary = summariseChange(this.#request, services);
    const isRecorded = summary.outcome === "done" ? await this.#record(connected, chosen) : {};
    return { ...summary, ...isRecorded, services, ...beside };
  }

  async #record(
    connected: readonly ConnectedService[],
    chosen: ChosenVersion | undefined,
  ): Promise<Partial<Pick<ChangedServices, "outcome" | "error">>> {
    try {
      await this.#wanted.end(connected, chosen);
      return {};
    } catch (error) {
      const code = PeekError.is(error) ? error.code : "INTERNAL";
      const message = `The services are changed, and logic could not record it for those that are away: ${messageOf(error)}`;
      return { outcome: "failed", error: { code, message } };
    }
  }

  /** Asks all services to prepare the change. When the signal fires, all of them cancel it. */
  async #prepare(targets: readonly ChangeTarget[], signal: AbortSignal): Promise<readonly Prepared[]> {
    const begun = targets.map((target) => ({
      target,
      change: this.#commits.begin(target, { ...target.change, rehearse: this.#request.dryRun }),
    }));
    const cancelAll = (): void => {
      for (const { change } of begun) change.cancel();
    };
    signal.addEventListener("abort", cancelAll);
    if (signal.aborted) cancelAll();
    try {
      return await Promise.all(begun.map(async (each) => ({ ...each, refusal: await each.change.prepare() })));
    } finally {
      signal.removeEventListener("abort", cancelAll);
    }
  }

  /** Where a plugin is to be enabled everywhere, services are left out that it has no part for, or that do not need it. */
  #concerned(all: readonly Prepared[], hasPartFor: ReadonlySet<string>, isEnabled: boolean): readonly Prepared[] {
    const { kind, services, instances } = this.#request;
    if (kind !== "enable" || services !== undefined || instances !== undefined) return all;
    const needed = all.filter(({ change, refusal }) => {
      const code = refusal?.error?.code;
      return code === "PLUGIN_NOT_FOUND" ? hasPartFor.has(change.peer.service) : code !== "PLUGIN_NOT_FOR_SERVICE";
    });
    return needed.length > 0 || isEnabled ? needed : all;
  }

  /** Removes the versions when the plugin is disabled everywhere: services may share a folder. */
  async #uninstall(
    disabled: readonly ChangeOnService[],
    connected: readonly ConnectedService[],
  ): Promise<readonly ChangeOnService[]> {
    const { plugin, purgeData = false } = this.#request;
    const services: ChangeOnService[] = [];
    for (const { peer } of inCommitOrder(connected, true)) {
      const { service, instance } = peer;
      const before = disabled.find((each) => each.instance === instance);
      const result = before ?? { service, instance, outcome: "done", restarted: [], ended: [] };
      try {
        services.push({ ...result, uninstalled: await uninstallOn(this.#rpc, peer, plugin, purgeData) });
      } catch (error) {
        const code = PeekError.is(error) ? error.code : "INTERNAL";
        const message = `It is disabled, and its versions were not removed: ${messageOf(error)}`;
        services.push({ ...result, outcome: "failed", error: { code, message } });
      }
    }
    return services;
  }

  #summary(isCancelled: boolean, services: readonly ChangeOnService[]): Pick<ChangedServices, "outcome" | "error"> {
    if (!isCancelled) return summariseChange(this.#request, services);
    const message = "It was cancelled before anything was stopped.";
    return { outcome: "refused", error: { code: "CHANGE_CANCELLED", message } };
  }

  #notMade(peer: ChangeTarget["peer"], refusal: ResultOnService | undefined, change?: RemoteChange): ChangeOnService {
    if (refusal !== undefined) return this.#told(changeOnService({ peer }, refusal));
    const { service, instance } = peer;
    const { start = [], end = [], stop = [], migrations = [] } = change?.prepared ?? {};
    const { plugin, dryRun } = this.#request;
    const restarted = start.filter((name) => name !== plugin);
    const effects = { restarted, ended: end, stopped: stop, ...(dryRun && { migrations }) };
    return this.#told({ service, instance, outcome: "untouched", ...effects });
  }

  #told(result: ChangeOnService): ChangeOnService {
    this.#parts.tell({ type: "service", result });
    return result;
  }

  #notConcerned(connected: readonly ConnectedService[]): PeekError {
    const { plugin, services, kind } = this.#request;
    const instances = connected.map(({ peer }) => peer.instance).join(", ");
    if (connected.length === 0) {
      const message = `${services?.join(", ") ?? "No service"} ${services === undefined ? "is" : "are"} not connected.`;
      return new PeekError("VORTEX_NOBODY", `Failed to ${kind} ${plugin}: ${message}`);
    }
    const what = kind === "install" ? "has no part for the connected services" : `is not enabled on ${instances}`;
    return new PeekError("PLUGIN_NOT_ENABLED", `${plugin} ${what}, so that nothing of it can change.`);
  }
}

function notInstalled(plugin: string): PeekError {
  return new PeekError(
    "PLUGIN_VERSION_NOT_INSTALLED",
    `${plugin} is not installed from an archive. A plugin that npm has installed is removed with npm.`,
    { fields: { plugin } },
  );
}
