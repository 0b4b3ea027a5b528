import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PluginVortex } from "@peek/plugin-base";
import { PluginArchivesRpc } from "./archives/pluginArchivesRpc.ts";
import type { ChangeCoordinator, ChangeCoordinatorOptions } from "./ChangeCoordinator.ts";
import { PluginAdminRpc } from "./pluginAdminRpc.ts";
import { PluginChangesRpc } from "./pluginChangesRpc.ts";
import type { ServiceChanges, ServiceChangesOptions } from "./ServiceChanges.ts";
import type { VersionReconciler } from "./VersionReconciler.ts";
import type { ServiceVersions, ServiceVersionsParts } from "./ServiceVersions.ts";

// Most services never change a plugin: the first call imports the code.

/** The dependencies of {@link servePluginChanges}. */
export interface ServedChangesOptions
  extends Omit<ServiceChangesOptions, "versions">, Omit<ServiceVersionsParts, "rpc"> {
  /** Settles when the service has been started, or begins to stop. */
  readonly started: Promise<void>;
}

/** Serves {@link PluginChangesRpc}. */
export function servePluginChanges(own: PluginVortex, options: ServedChangesOptions): void {
  let importing: Promise<OpenChanges> | undefined;
  const opened = (): Promise<OpenChanges> => (importing ??= openChanges(own, options));
  own.rpc.serve(
    PluginChangesRpc,
    {
      state: async ({ plugin, whenStarted }) => {
        if (whenStarted) await options.started;
        return (await opened()).versions.state(plugin);
      },
      fetch: async (request, { signal }) => (await opened()).versions.fetch(request, signal),
      discard: async ({ plugin, version }) => (await opened()).versions.discard(plugin, version),
      uninstall: async ({ plugin, purgeData }) => (await opened()).versions.uninstall(plugin, purgeData),
      async *change({ id, ...request }, { signal }) {
        yield* (await opened()).changes.change(id, request, signal);
      },
      commit: async ({ id }) => (await opened()).changes.commit(id),
      endProbe: async ({ id }) => (await opened()).changes.endProbe(id),
    },
    { acceptOnlyFrom: "logic" },
  );
}

/**
 * Serves {@link PluginAdminRpc} to administrators, and {@link PluginArchivesRpc} to the other services, and compares the versions of each
 * service that joins.
 */
export function servePluginAdmin(own: PluginVortex, options: ChangeCoordinatorOptions): void {
  let importing: Promise<ChangeCoordinator> | undefined;
  const coordinator = (): Promise<ChangeCoordinator> => (importing ??= openCoordinator(options));
  own.rpc.serve(
    PluginAdminRpc,
    {
      async *upload(request, { signal }) {
        yield* (await coordinator()).uploads.upload(request, signal);
      },
      uploadPart: async ({ upload, offset, data }) =>
        (await coordinator()).uploads.add(upload, offset, Buffer.from(data, "base64")),
      async *change(request, { signal }) {
        yield* (await coordinator()).change(request, signal);
      },
      history: async () => (await coordinator()).history(),
    },
    { acceptOnlyFrom: "logic" },
  );
  void compareJoining(own, options, coordinator);
  own.rpc.serve(PluginArchivesRpc, {
    read: async (request) => {
      const { readChunk } = await import("./archives/readChunk.ts");
      return await readChunk(options.softwareDir, request);
    },
  });
}

/** Ends with the connection of the service. Never rejects. */
async function compareJoining(
  own: PluginVortex,
  options: ChangeCoordinatorOptions,
  coordinator: () => Promise<ChangeCoordinator>,
): Promise<void> {
  const file = join(options.softwareDir, "wanted.json");
  let reconciler: VersionReconciler | undefined;
  for await (const { kind, peer } of own.presence.changes()) {
    // Nearly all systems without a change of a version do without the code for it.
    if (kind !== "joined" || !existsSync(file)) continue;
    const { VersionReconciler: Reconciler } = await import("./VersionReconciler.ts");
    reconciler ??= new Reconciler({ ...options, coordinator: await coordinator() });
    // A service that takes long to start holds no other up.
    void reconciler.check(peer);
  }
}

interface OpenChanges {
  readonly changes: ServiceChanges;
  readonly versions: ServiceVersions;
}

async function openChanges(own: PluginVortex, options: ServedChangesOptions): Promise<OpenChanges> {
  const { ServiceChanges: Changes } = await import("./ServiceChanges.ts");
  const { ServiceVersions: Versions } = await import("./ServiceVersions.ts");
  const versions = new Versions({ ...options, rpc: own.rpc });
  return { versions, changes: new Changes({ ...options, versions }) };
}

async function openCoordinator(options: ChangeCoordinatorOptions): Promise<ChangeCoordinator> {
  const { ChangeCoordinator: Coordinator } = await import("./ChangeCoordinator.ts");
  return new Coordinator(options);
}
