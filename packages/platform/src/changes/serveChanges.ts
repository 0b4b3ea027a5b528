import type { PluginVortex } from "@peek/plugin-base";
import type { ChangeCoordinator, ChangeCoordinatorOptions } from "./ChangeCoordinator.ts";
import { PluginAdminRpc } from "./pluginAdminRpc.ts";
import { PluginChangesRpc } from "./pluginChangesRpc.ts";
import type { ServiceChanges, ServiceChangesOptions } from "./ServiceChanges.ts";

// Most services never change a plugin: the first call imports the code.

/** Serves {@link PluginChangesRpc}. */
export function servePluginChanges(own: PluginVortex, options: ServiceChangesOptions): void {
  let importing: Promise<ServiceChanges> | undefined;
  const changes = (): Promise<ServiceChanges> => (importing ??= openChanges(options));
  own.rpc.serve(
    PluginChangesRpc,
    {
      async *change({ id, ...request }, { signal }) {
        yield* (await changes()).change(id, request, signal);
      },
      commit: async ({ id }) => (await changes()).commit(id),
    },
    { acceptOnlyFrom: "logic" },
  );
}

/** Serves {@link PluginAdminRpc}. */
export function servePluginAdmin(own: PluginVortex, options: ChangeCoordinatorOptions): void {
  let importing: Promise<ChangeCoordinator> | undefined;
  const coordinator = (): Promise<ChangeCoordinator> => (importing ??= openCoordinator(options));
  own.rpc.serve(
    PluginAdminRpc,
    {
      async *change(request, { signal }) {
        yield* (await coordinator()).change(request, signal);
      },
      history: async () => (await coordinator()).history(),
    },
    { acceptOnlyFrom: "logic" },
  );
}

async function openChanges(options: ServiceChangesOptions): Promise<ServiceChanges> {
  const { ServiceChanges: Changes } = await import("./ServiceChanges.ts");
  return new Changes(options);
}

async function openCoordinator(options: ChangeCoordinatorOptions): Promise<ChangeCoordinator> {
  const { ChangeCoordinator: Coordinator } = await import("./ChangeCoordinator.ts");
  return new Coordinator(options);
}
