import type { PlatformExtension } from "@peek/loader";
import type { PluginHttp, PluginTasks, PluginVortex } from "@peek/plugin-base";
import type { PlatformParts } from "@peek/plugin-base/internal";
import { describe, expectTypeOf, it } from "vitest";
import type { PartProviders } from "../src/extensions/composeExtensions.ts";

declare const vortex: PlatformExtension<{ readonly vortex: PluginVortex }>;
declare const http: PlatformExtension<{ readonly http: PluginHttp }>;
declare const tasks: PlatformExtension<{ readonly tasks: PluginTasks }>;
declare const live: PlatformExtension<Pick<PlatformParts<"field">, "observables" | "actions">>;

describe("the parts of a platform object", () => {
  it("are those of plugin-base's interface that the loader does not provide itself", () => {
    expectTypeOf<keyof PlatformParts<"logic">>().toEqualTypeOf<
      "vortex" | "storage" | "http" | "observables" | "actions" | "tasks"
    >();
    expectTypeOf<keyof PlatformParts<"field">>().toEqualTypeOf<"vortex" | "http" | "observables" | "actions">();
    expectTypeOf<keyof PlatformParts<"office">>().toEqualTypeOf<keyof PlatformParts<"field">>();
    expectTypeOf<keyof PlatformParts<"worker">>().toEqualTypeOf<"vortex" | "storage" | "tasks">();
    expectTypeOf<keyof PlatformParts<"agent">>().toEqualTypeOf<"vortex">();
  });
});

describe("the extensions of a service", () => {
  it("compile when each part has one", () => {
    expectTypeOf({ vortex, http, observables: live, actions: live }).toExtend<PartProviders<"field">>();
  });

  it("do not compile when a part has none", () => {
    // @ts-expect-error -- `actions` has no extension
    const missing: PartProviders<"field"> = { vortex, http, observables: live };
    expectTypeOf(missing).toEqualTypeOf<PartProviders<"field">>();
  });

  it("do not compile when an extension contributes another part than its own", () => {
    // @ts-expect-error -- `http` does not contribute `vortex`
    const wrong: PartProviders<"agent"> = { vortex: http };
    expectTypeOf(wrong).toEqualTypeOf<PartProviders<"agent">>();
  });

  it("do not compile when a part has another service's type", () => {
    // @ts-expect-error -- a worker's tasks can also be handled
    const wrong: Pick<PartProviders<"worker">, "tasks"> = { tasks };
    expectTypeOf(wrong).toEqualTypeOf<Pick<PartProviders<"worker">, "tasks">>();
  });
});
