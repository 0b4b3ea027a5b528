import { ArchiveFolder, type WantedVersion, WantedVersions } from "@peek/archive";
import type { PluginRpc } from "@peek/plugin-base";
import { type ConnectedService, inCommitOrder } from "./changeTargets.ts";
import type { ChosenVersion } from "./chooseVersion.ts";
import { stateOn } from "./onService.ts";
import type { AdminRequest } from "./pluginAdminRpc.ts";

/**
 * Records the versions that services are to run, for one change. Until the change is done, these are the versions before: when logic is
 * killed meanwhile, its next start finds them, and compares them with the version that logic runs then.
 */
export class WantedRecorder {
  readonly #softwareDir: string;
  readonly #rpc: PluginRpc;
  readonly #request: AdminRequest;
  readonly #wanted: WantedVersions;

  constructor(softwareDir: string, rpc: PluginRpc, request: AdminRequest) {
    this.#softwareDir = softwareDir;
    this.#rpc = rpc;
    this.#request = request;
    this.#wanted = new WantedVersions(softwareDir);
  }

  /**
   * Records the versions before a change, unless they are recorded already.
   *
   * @throws PeekError as `WantedVersions.set`; nothing has been stopped then.
   */
  begin(connected: readonly ConnectedService[], chosen: ChosenVersion | undefined): void {
    const { plugin } = this.#request;
    if (chosen === undefined || this.#wanted.of(plugin) !== undefined) return;
    this.#wanted.set(plugin, { services: installedOn(connected) });
  }

  /**
   * Records the versions after a change that is done.
   *
   * @throws PeekError as `WantedVersions.set`
   */
  async end(connected: readonly ConnectedService[], chosen: ChosenVersion | undefined): Promise<void> {
    const { plugin, kind } = this.#request;
    if (kind === "remove") {
      this.#forget();
      return;
    }
    if (chosen !== undefined) {
      this.#setChosen(connected, chosen);
      return;
    }
    // Another version may have been installed on the disk before.
    const wanted = this.#wanted.of(plugin);
    if (wanted === undefined || kind === "disable") return;
    const now = await Promise.all(
      connected.map(async ({ peer }) => ({ peer, state: await stateOn(this.#rpc, peer, plugin) })),
    );
    this.#wanted.set(plugin, { ...wanted, services: { ...wanted.services, ...installedOn(now) } });
  }

  #setChosen(connected: readonly ConnectedService[], { name, services: parts }: ChosenVersion): void {
    const { plugin, services = parts } = this.#request;
    const wanted = this.#wanted.of(plugin);
    const [first] = inCommitOrder(connected, false).flatMap(({ state }) =>
      state.installed === undefined || state.installed === name ? [] : [state.installed],
    );
    const isNew = services.some((service) => wanted?.services[service] !== name);
    const before = isNew ? (first ?? wanted?.before) : wanted?.before;
    const now = Object.fromEntries(services.map((service) => [service, name]));
    this.#wanted.set(plugin, { services: { ...wanted?.services, ...now }, ...(before !== undefined && { before }) });
    const inUse = [...Object.values({ ...wanted?.services, ...now }), ...(before === undefined ? [] : [before])];
    new ArchiveFolder(this.#softwareDir).prune(plugin, new Set(inUse));
  }

  #forget(): void {
    const { plugin, services } = this.#request;
    const wanted = this.#wanted.of(plugin);
    const left = Object.entries(wanted?.services ?? {}).filter(
      ([service]) => services !== undefined && !services.some((each) => each === service),
    );
    this.#wanted.set(plugin, left.length === 0 ? undefined : { ...wanted, services: Object.fromEntries(left) });
    if (left.length === 0) new ArchiveFolder(this.#softwareDir).removeAll(plugin);
  }
}

function installedOn(connected: readonly ConnectedService[]): WantedVersion["services"] {
  return Object.fromEntries(
    connected.flatMap(({ peer, state }) => (state.installed === undefined ? [] : [[peer.service, state.installed]])),
  );
}
