import type { PeekAgentPlatformHook } from "../agent/PeekAgentPlatformHook.ts";
import type { PeekFieldPlatformHook } from "../field/PeekFieldPlatformHook.ts";
import type { PeekLogicPlatformHook } from "../logic/PeekLogicPlatformHook.ts";
import type { PeekOfficePlatformHook } from "../office/PeekOfficePlatformHook.ts";
import type { PeekWorkerPlatformHook } from "../worker/PeekWorkerPlatformHook.ts";
import type { PeekPlatformCommonHook } from "./PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "./PluginApi.ts";
import type { ServiceName } from "./services.ts";

/** The platform object of each service, for a plugin that requires storage where the service has it. */
interface PlatformOf {
  readonly logic: PeekLogicPlatformHook<Record<string, never>>;
  readonly field: PeekFieldPlatformHook;
  readonly office: PeekOfficePlatformHook;
  readonly worker: PeekWorkerPlatformHook<Record<string, never>>;
  readonly agent: PeekAgentPlatformHook;
}

/** The properties of the platform object that the loader provides itself, on every service. */
export type PlatformCore = Omit<PeekPlatformCommonHook, "vortex">;

/** The properties of a service's platform object that its extensions contribute. */
export type PlatformParts<Service extends ServiceName> = Omit<
  PlatformOf[Service],
  keyof PlatformCore | keyof OtherPluginApis<Service>
>;
