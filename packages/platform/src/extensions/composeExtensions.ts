import type { PlatformExtension } from "@peek/loader";
import type { ServiceName } from "@peek/plugin-base";
import type { PlatformParts } from "@peek/plugin-base/internal";
import type { LiveStatus, TasksStatus } from "../status/ServiceStatus.ts";
import { GatewayLiveExtension } from "./GatewayLiveExtension.ts";
import { HttpExtension, type HttpExtensionOptions } from "./HttpExtension.ts";
import { LogicLiveExtension } from "./LogicLiveExtension.ts";
import { LogicTasksExtension } from "./LogicTasksExtension.ts";
import type { ServiceExtension } from "./ServiceExtension.ts";
import { StorageExtension } from "./StorageExtension.ts";
import { VortexExtension, type VortexExtensionOptions } from "./VortexExtension.ts";
import { WorkerTasksExtension } from "./WorkerTasksExtension.ts";

/** The dependencies of the extensions of a service. */
export type ComposeOptions = VortexExtensionOptions & Pick<HttpExtensionOptions, "health">;

/** The extension that contributes each part of a service's platform object. A part without one does not compile. */
export type PartProviders<Service extends ServiceName> = {
  readonly [Part in keyof PlatformParts<Service>]: PlatformExtension<Pick<PlatformParts<Service>, Part>>;
};

/** The extensions of one service. */
export interface Composition<Service extends ServiceName = ServiceName> {
  readonly vortex: VortexExtension;
  readonly storage?: StorageExtension;
  readonly http?: HttpExtension;
  readonly live?: ServiceExtension & { status(): LiveStatus | undefined; drain(): Promise<void> };
  readonly tasks?: ServiceExtension & { status(): TasksStatus | undefined };
  readonly providers: PartProviders<Service>;
}

const compositions: { readonly [Service in ServiceName]: (options: ComposeOptions) => Composition<Service> } = {
  logic: (options) => {
    const vortex = new VortexExtension(options);
    const storage = new StorageExtension(options, "owner");
    const http = new HttpExtension(options, "admin", vortex);
    const live = new LogicLiveExtension(options, { vortex, storage, http });
    const tasks = new LogicTasksExtension(options, { vortex, storage });
    const providers = { vortex, storage, http, observables: live, actions: live, tasks };
    return { vortex, storage, http, live, tasks, providers };
  },
  field: (options) => composeGateway(options, "field"),
  office: (options) => composeGateway(options, "office"),
  worker: (options) => {
    const vortex = new VortexExtension(options);
    const storage = new StorageExtension(options, "user");
    const tasks = new WorkerTasksExtension(options, { vortex, storage });
    return { vortex, storage, tasks, providers: { vortex, storage, tasks } };
  },
  agent: (options) => {
    const vortex = new VortexExtension(options);
    return { vortex, providers: { vortex } };
  },
};

/** Makes the extensions of a service. None of them is opened. */
export function composeExtensions(options: ComposeOptions): Composition {
  return compositions[options.definition.name](options);
}

/** The extensions that contribute to the platform objects of a service's plugins, each once. */
export function contributorsOf({ providers }: Composition): readonly PlatformExtension[] {
  return [...new Set<PlatformExtension>(Object.values(providers))];
}

function composeGateway(
  options: ComposeOptions,
  site: "field" | "office",
): Composition<"field"> & Composition<"office"> {
  const vortex = new VortexExtension(options);
  const http = new HttpExtension(options, site, vortex);
  const live = new GatewayLiveExtension(options, { vortex, http });
  return { vortex, http, live, providers: { vortex, http, observables: live, actions: live } };
}
