import { PeekError } from "@peek/errors";
import type { ChangeRequest } from "@peek/loader";
import type { Peer, PluginVortex } from "@peek/plugin-base";
import { ServiceStatusRpc } from "../status/serviceStatusRpc.ts";
import { awayServices, changeTargets, type ConnectedService } from "./changeTargets.ts";
import type { AdminProgress, AdminRequest, AdminResult, ChangeOnService } from "./pluginAdminRpc.ts";
import type { ResultOnService } from "./pluginChangesRpc.ts";
import { RemoteChange } from "./RemoteChange.ts";
import { summariseChange } from "./summariseChange.ts";

/** How long a service may take to say which plugins it runs, in milliseconds. */
const statusMs = 10_000;

/** The outcome of a change on all services, and on each. */
export type ChangedServices = Pick<AdminResult, "outcome" | "services" | "unchanged" | "away" | "error">;

type Listener = (progress: AdminProgress) => void;
interface Prepared {
  readonly change: RemoteChange;
  /** undefined where the service is prepared. */
  readonly refusal: ResultOnService | undefined;
}

/** One change on all connected services that it concerns: all of them prepare it, before the first one stops anything. */
export class ChangeOnServices {
  readonly #vortex: PluginVortex;
  readonly #request: AdminRequest;
  readonly #change: ChangeRequest;
  readonly #tell: Listener;

  constructor(vortex: PluginVortex, request: AdminRequest, tell: Listener) {
    this.#vortex = vortex;
    this.#request = request;
    this.#change = { kind: request.kind, plugin: request.plugin, rehearse: request.dryRun };
    this.#tell = tell;
  }

  /**
   * @param signal Cancels it until a service is asked to commit.
   * @throws PeekError when no service is concerned, or one does not say which plugins it runs.
   */
  async execute(signal: AbortSignal): Promise<ChangedServices> {
    const connected = await this.#connected();
    const { services: wanted, kind } = this.#request;
    // The command says where the change has to be made instead.
    if (connected.length === 0 && wanted !== undefined && kind !== "reload")
      return { outcome: "done", services: [], unchanged: [], away: wanted };
    const { peers, unchanged } = changeTargets(kind, connected);
    if (peers.length === 0 && unchanged.length === 0) throw this.#notConcerned(connected);
    this.#tell({ type: "preparing", instances: peers.map(({ instance }) => instance) });
    const all = await this.#prepare(peers, signal);
    const hasPartFor = new Set(all.flatMap(({ change }) => change.prepared?.services ?? []));
    const concerned = this.#concerned(all, hasPartFor, unchanged.length > 0);
    const beside = {
      unchanged: unchanged.map(({ instance }) => instance),
      away: awayServices(hasPartFor, connected, wanted),
    };
    const refused = concerned.filter(({ refusal }) => refusal !== undefined);
    if (refused.length > 0 || signal.aborted || this.#request.dryRun) {
      for (const { change } of all) change.cancel();
      const services = concerned.map(({ change, refusal }) => this.#notMade(change, refusal));
      return { ...this.#summary(signal.aborted, services), services, ...beside };
    }
    const services = await this.#commit(concerned.map(({ change }) => change));
    return { ...summariseChange(this.#request, services), services, ...beside };
  }

  async #connected(): Promise<readonly ConnectedService[]> {
    const { services, plugin } = this.#request;
    const peers = await this.#vortex.presence.peers();
    const wanted = peers.filter(({ service }) => services === undefined || services.includes(service));
    return await Promise.all(
      wanted.map(async (peer) => {
        const { plugins } = await this.#vortex.rpc
          .client(ServiceStatusRpc, { to: peer, deadlineMs: statusMs })
          .status();
        return { peer, isEnabled: plugins.some(({ name }) => name === plugin) };
      }),
    );
  }

  /** Asks all services to prepare the change. When the signal fires, all of them cancel it. */
  async #prepare(peers: readonly Peer[], signal: AbortSignal): Promise<readonly Prepared[]> {
    const changes = peers.map((peer) => this.#begin(peer, this.#change));
    const cancelAll = (): void => {
      for (const change of changes) change.cancel();
    };
    signal.addEventListener("abort", cancelAll);
    if (signal.aborted) cancelAll();
    try {
      return await Promise.all(changes.map(async (change) => ({ change, refusal: await change.prepare() })));
    } finally {
      signal.removeEventListener("abort", cancelAll);
    }
  }

  /** Where a plugin is to be enabled everywhere, services are left out that it has no part for, or that do not need it. */
  #concerned(all: readonly Prepared[], hasPartFor: ReadonlySet<string>, isEnabled: boolean): readonly Prepared[] {
    if (this.#request.kind !== "enable" || this.#request.services !== undefined) return all;
    const needed = all.filter(({ change, refusal }) => {
      const code = refusal?.error?.code;
      return code === "PLUGIN_NOT_FOUND" ? hasPartFor.has(change.peer.service) : code !== "PLUGIN_NOT_FOR_SERVICE";
    });
    return needed.length > 0 || isEnabled ? needed : all;
  }

  #summary(isCancelled: boolean, services: readonly ChangeOnService[]): Pick<ChangedServices, "outcome" | "error"> {
    if (!isCancelled) return summariseChange(this.#request, services);
    const message = "It was cancelled before anything was stopped.";
    return { outcome: "refused", error: { code: "CHANGE_CANCELLED", message } };
  }

  /** One service after the other, until one does not succeed. */
  async #commit(changes: readonly RemoteChange[]): Promise<readonly ChangeOnService[]> {
    this.#tell({ type: "committing" });
    const begun: RemoteChange[] = [];
    const results: Promise<readonly [RemoteChange, ResultOnService]>[] = [];
    let hasFailed = false;
    for (const change of changes) {
      if (hasFailed) {
        change.cancel();
        continue;
      }
      begun.push(change);
      results.push(this.#resultOf(change, (isDone) => (hasFailed ||= !isDone)));
      hasFailed ||= !(await change.commit());
    }
    const ended = await Promise.all(results);
    const isUndone = hasFailed && this.#request.kind === "enable";
    const services: ChangeOnService[] = [];
    // Dependencies between services are undone in the reverse order.
    for (const [change, result] of ended.toReversed()) {
      const after = isUndone && result.outcome === "done" ? await this.#undoEnable(change, result) : result;
      services.unshift(onService(change, after));
    }
    for (const service of services) this.#told(service);
    const left = changes.filter((change) => !begun.includes(change)).map((change) => this.#notMade(change, undefined));
    return [...services, ...left];
  }

  async #resultOf(
    change: RemoteChange,
    onResult: (isDone: boolean) => void,
  ): Promise<readonly [RemoteChange, ResultOnService]> {
    const result = await change.result;
    onResult(result.outcome === "done");
    return [change, result];
  }

  async #undoEnable({ peer }: RemoteChange, enabled: ResultOnService): Promise<ResultOnService> {
    const undo = this.#begin(peer, { kind: "disable", plugin: this.#request.plugin });
    const refusal = await undo.prepare();
    if (refusal === undefined) await undo.commit();
    const { outcome, error } = await undo.result;
    if (outcome === "done") {
      const { to: _disabled, ...rest } = enabled;
      return { ...rest, outcome: "reverted", restarted: [] };
    }
    const message = `It was enabled, and could not be disabled again: ${error?.message ?? outcome}`;
    return { ...enabled, outcome: "failed", error: { code: error?.code ?? "INTERNAL", message } };
  }

  #begin(peer: Peer, change: ChangeRequest): RemoteChange {
    const { instance } = peer;
    return new RemoteChange(this.#vortex.rpc, peer, change, (step) => this.#tell({ type: "step", instance, step }));
  }

  /** A service that refused the change, or on which it was not made. */
  #notMade(change: RemoteChange, refusal: ResultOnService | undefined): ChangeOnService {
    if (refusal !== undefined) return this.#told(onService(change, refusal));
    const { service, instance } = change.peer;
    const { start = [], end = [], stop = [], migrations = [] } = change.prepared ?? {};
    const { plugin, dryRun } = this.#request;
    const restarted = start.filter((name) => name !== plugin);
    const effects = { restarted, ended: end, stopped: stop, ...(dryRun && { migrations }) };
    return this.#told({ service, instance, outcome: "untouched", ...effects });
  }

  #told(result: ChangeOnService): ChangeOnService {
    this.#tell({ type: "service", result });
    return result;
  }

  #notConcerned(connected: readonly ConnectedService[]): PeekError {
    const { plugin, services, kind } = this.#request;
    const instances = connected.map(({ peer }) => peer.instance).join(", ");
    if (connected.length === 0) {
      const message = `${services?.join(", ") ?? "No service"} ${services === undefined ? "is" : "are"} not connected.`;
      return new PeekError("VORTEX_NOBODY", `Failed to ${kind} ${plugin}: ${message}`);
    }
    return new PeekError(
      "PLUGIN_NOT_ENABLED",
      `${plugin} is not enabled on ${instances}, so that nothing of it can change.`,
    );
  }
}

function onService({ peer: { service, instance } }: RemoteChange, result: ResultOnService): ChangeOnService {
  const { type: _type, ...rest } = result;
  return { service, instance, ...rest };
}
