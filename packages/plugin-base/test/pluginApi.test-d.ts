import { expectTypeOf } from "vitest";
import type { PeekPlatformCommonHook, PluginApi, PluginPackage, ServiceName } from "@peek/plugin-base";
import type { PeekAgentPlatformHook } from "@peek/plugin-base/agent";
import type { PeekFieldPlatformHook } from "@peek/plugin-base/field";
import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import type { PeekOfficePlatformHook } from "@peek/plugin-base/office";
import type { PeekWorkerPlatformHook } from "@peek/plugin-base/worker";
import type { ExampleFieldApi, ExampleLogicApi } from "./examplePlugin.ts";

type Example = typeof import("./examplePlugin.ts");

// The type of a plugin's API comes from the class that its function returns, at once or in a promise.
expectTypeOf<PluginApi<Example, "logic">>().toEqualTypeOf<ExampleLogicApi>();
expectTypeOf<PluginApi<Example, "field">>().toEqualTypeOf<ExampleFieldApi>();
// It has a part on worker and publishes nothing there.
expectTypeOf<PluginApi<Example, "worker">>().toEqualTypeOf<unknown>();
// It has no part on office.
expectTypeOf<PluginApi<Example, "office">>().toBeNever();
expectTypeOf<PluginApi<object, "logic">>().toBeNever();
expectTypeOf<PluginApi<{ peekLogicEntryHook: () => string }, "logic">>().toBeNever();

declare const logic: PeekLogicPlatformHook;
declare const field: PeekFieldPlatformHook;
declare const office: PeekOfficePlatformHook;
declare const worker: PeekWorkerPlatformHook;
declare const agent: PeekAgentPlatformHook;
declare const maybe: boolean;

expectTypeOf(logic.getOtherPluginApi<Example>("peek_plugin_example")).toEqualTypeOf<ExampleLogicApi>();
expectTypeOf(logic.getOtherPluginApi<Example>("peek_plugin_example", {})).toEqualTypeOf<ExampleLogicApi>();
expectTypeOf(
  logic.getOtherPluginApi<Example>("peek_plugin_example", { optional: false }),
).toEqualTypeOf<ExampleLogicApi>();
expectTypeOf(logic.getOtherPluginApi<Example>("peek_plugin_example", { optional: true })).toEqualTypeOf<
  ExampleLogicApi | undefined
>();
expectTypeOf(field.getOtherPluginApi<Example>("peek_plugin_example")).toEqualTypeOf<ExampleFieldApi>();
expectTypeOf(office.getOtherPluginApi<Example>("peek_plugin_example")).toBeNever();
expectTypeOf(worker.getOtherPluginApi<Example>("peek_plugin_example")).toEqualTypeOf<unknown>();
expectTypeOf(agent.getOtherPluginApi<Example>("peek_plugin_example")).toBeNever();

// Without the other plugin's types, nothing is known of its API.
expectTypeOf(logic.getOtherPluginApi("peek_plugin_example")).toEqualTypeOf<unknown>();
expectTypeOf(logic.getOtherPluginApi("peek_plugin_example", { optional: true })).toEqualTypeOf<unknown>();

// @ts-expect-error -- an optional API may be undefined
void logic.getOtherPluginApi<Example>("peek_plugin_example", { optional: true }).pumpCount;
// @ts-expect-error -- the API of logic is not that of field
void field.getOtherPluginApi<Example>("peek_plugin_example").pumpCount;
// @ts-expect-error -- nothing is known of it
void logic.getOtherPluginApi("peek_plugin_example").pumpCount;
// @ts-expect-error -- whether undefined has to be expected must be known when it is written
void logic.getOtherPluginApi<Example>("peek_plugin_example", { optional: maybe });
// @ts-expect-error -- a misspelt option
void logic.getOtherPluginApi<Example>("peek_plugin_example", { optinal: true });
// @ts-expect-error -- plugins are asked for by name
void logic.getOtherPluginApi<Example>();

// Every service's platform is what all have in common, and says which it is.
expectTypeOf(logic).toExtend<PeekPlatformCommonHook>();
expectTypeOf<
  (
    | PeekLogicPlatformHook
    | PeekFieldPlatformHook
    | PeekOfficePlatformHook
    | PeekWorkerPlatformHook
    | PeekAgentPlatformHook
  )["serviceName"]
>().toEqualTypeOf<ServiceName>();
expectTypeOf(logic.serviceName).toEqualTypeOf<"logic">();
expectTypeOf(logic).not.toExtend<PeekFieldPlatformHook>();
expectTypeOf(logic.packageConfig).toEqualTypeOf<PluginPackage>();
expectTypeOf(logic.signal).toEqualTypeOf<AbortSignal>();
// @ts-expect-error -- the platform is the service's to fill
logic.serviceVersion = "2.0.0";
