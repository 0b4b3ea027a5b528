import { hostname } from "node:os";
import { isOlder, parseVersionFolder, type WantedVersion, WantedVersions } from "@peek/archive";
import { messageOf, PeekError } from "@peek/errors";
import type { Logger, Peer, PluginVortex } from "@peek/plugin-base";
import type { ChangeCoordinator } from "./ChangeCoordinator.ts";
import { stateOn } from "./onService.ts";
import type { AdminRequest } from "./pluginAdminRpc.ts";
import type { PluginOnService } from "./pluginChangesRpc.ts";

/** The dependencies of {@link VersionReconciler}. */
export interface VersionReconcilerParts {
  readonly vortex: PluginVortex;
  /** The `plugin-software` folder of logic. */
  readonly softwareDir: string;
  readonly coordinator: ChangeCoordinator;
  readonly logger: Logger;
}

/**
 * Has a service that joins run the versions that the services are to run: it may have been away during a change, or have been killed in the
 * middle of one.
 */
export class VersionReconciler {
  readonly #parts: VersionReconcilerParts;
  readonly #wanted: WantedVersions;
  #adopted: Promise<void> | undefined;
  #isAdopted = false;

  constructor(parts: VersionReconcilerParts) {
    this.#parts = parts;
    this.#wanted = new WantedVersions(parts.softwareDir);
  }

  /** Compares the versions of a service that has joined, and changes those that differ, when it has started. Never rejects. */
  async check(peer: Peer): Promise<void> {
    const { coordinator, logger, vortex } = this.#parts;
    try {
      await (this.#adopted ??= this.#adoptAll());
      if (peer.instance === vortex.presence.self.instance) return;
      for (const plugin of this.#wanted.all().keys()) {
        await stateOn(vortex.rpc, peer, plugin, { whenStarted: true });
        // Changes that were requested before may change what is wanted.
        await coordinator.inTurn(async (make) => {
          const wanted = this.#wanted.of(plugin);
          if (wanted === undefined) return;
          await this.#bring(peer, plugin, wanted, await stateOn(vortex.rpc, peer, plugin), make);
        });
      }
    } catch (error) {
      // It joins again when it has left. Logic's versions are adopted then, if that has failed.
      if (!this.#isAdopted) this.#adopted = undefined;
      const level = PeekError.is(error) ? "warning" : "error";
      logger[level]("The versions of the plugins of %s were not compared: %s", peer.instance, messageOf(error));
    }
  }

  /** Before any service is changed, since logic may have been killed during a change. */
  async #adoptAll(): Promise<void> {
    const { coordinator, vortex } = this.#parts;
    for (const peer of await vortex.presence.peers("logic")) {
      if (peer.instance !== vortex.presence.self.instance) continue;
      for (const plugin of this.#wanted.all().keys()) {
        await stateOn(vortex.rpc, peer, plugin, { whenStarted: true });
        await coordinator.inTurn(async () => {
          const wanted = this.#wanted.of(plugin);
          if (wanted !== undefined) this.#adopt(plugin, wanted, await stateOn(vortex.rpc, peer, plugin));
        });
      }
    }
    this.#isAdopted = true;
  }

  /** When logic was killed during a change, the version that it runs now is the one for all: logic has migrated the database. */
  #adopt(plugin: string, wanted: WantedVersion, { isEnabled, installed }: PluginOnService): void {
    const before = wanted.services.logic;
    if (!isEnabled || installed === undefined || before === undefined || before === installed) return;
    const services = Object.entries(wanted.services).map(([service, name]) => [
      service,
      name === before ? installed : name,
    ]);
    this.#wanted.set(plugin, { services: Object.fromEntries(services), before });
    const template = "%s: logic runs version %s, not %s as before: the other services are to run it too";
    this.#parts.logger.info(template, plugin, installed, before);
  }

  async #bring(
    { service, instance }: Peer,
    plugin: string,
    wanted: WantedVersion,
    { isEnabled, installed, version }: PluginOnService,
    make: (request: AdminRequest) => Promise<unknown>,
  ): Promise<void> {
    const name = wanted.services[service];
    if (name === undefined || !isEnabled || installed === name) return;
    if (installed === undefined && version !== undefined) {
      const template = "%s: %s runs %s from another place than its installed versions, and is left as it is";
      this.#parts.logger.info(template, plugin, instance, version);
      return;
    }
    this.#parts.logger.info("%s: %s runs %s, and is to run %s", plugin, instance, installed ?? "no version", name);
    const kind =
      version !== undefined && isOlder(parseVersionFolder(name)?.version ?? version, version) ? "rollback" : "upgrade";
    const by = { account: "logic", host: hostname() };
    await make({ kind, plugin, version: name, services: [service], allowDowngrade: true, dryRun: false, by });
  }
}
