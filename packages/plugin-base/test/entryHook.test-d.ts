import { expectTypeOf } from "vitest";
import type { Logger, PluginDisposables } from "@peek/plugin-base";
import { PluginFieldEntryHookABC, type PluginFieldEntryHookClass } from "@peek/plugin-base/field";
import {
  type PeekLogicPlatformHook,
  PluginLogicEntryHookABC,
  type PluginLogicEntryHookClass,
} from "@peek/plugin-base/logic";

interface Api {
  readonly count: number;
}

class LogicEntryHook extends PluginLogicEntryHookABC {
  readonly #logger = this.getLogger(import.meta);

  override get publishedLogicApi(): Api {
    return { count: 1 };
  }
  override async load(): Promise<void> {
    expectTypeOf(this.#logger).toEqualTypeOf<Logger>();
    expectTypeOf(this.platform).toEqualTypeOf<PeekLogicPlatformHook>();
    expectTypeOf(this.name).toEqualTypeOf<string>();
    expectTypeOf(this.disposables).toEqualTypeOf<PluginDisposables>();
    // @ts-expect-error -- a plugin does not choose its name
    this.name = "other";
  }
  override start(): void {
    this.#logger.info("started %s in %d ms", this.name, 5);
    this.#logger.info({ pumps: 5 }, "started");
    // @ts-expect-error -- a line without a message
    this.#logger.info({ pumps: 5 });
    // @ts-expect-error -- levels have the users' names
    this.#logger.warn("started");
    expectTypeOf(this.disposables.use(new DisposableStack())).toEqualTypeOf<DisposableStack>();
    expectTypeOf(this.disposables.use(null)).toEqualTypeOf<null>();
    expectTypeOf(
      this.disposables.adopt(5, (five) => void expectTypeOf(five).toEqualTypeOf<number>()),
    ).toEqualTypeOf<number>();
    // @ts-expect-error -- it cannot release itself
    this.disposables.use({});
    // @ts-expect-error -- a function is needed that releases it
    this.disposables.adopt({});
  }
  override stop(): void {}
  override unload(): void {}
}

class FieldEntryHook extends PluginFieldEntryHookABC {
  override load(): void {}
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}

// @ts-expect-error -- stop() is missing
export class WithoutStop extends PluginLogicEntryHookABC {
  override load(): void {}
  override start(): void {}
  override unload(): void {}
}

export class WithWrongHook extends PluginLogicEntryHookABC {
  // @ts-expect-error -- load() gives nothing, or a promise of nothing
  override load(): number {
    return 1;
  }
  // @ts-expect-error -- start() is given nothing
  override start(_speed: number): void {}
  override stop(): void {}
  override unload(): void {}
}

export class WithMisspeltApi extends FieldEntryHook {
  // @ts-expect-error -- there is no such property to override
  override get publishedLogicApi(): Api {
    return { count: 1 };
  }
}

// What peek<Service>EntryHook() may return.
export const right: () => PluginLogicEntryHookClass = () => LogicEntryHook;
export const rightWithApi: () => PluginLogicEntryHookClass<Api> = () => LogicEntryHook;
export const rightOnField: () => PluginFieldEntryHookClass = () => FieldEntryHook;
// @ts-expect-error -- the class of another service
export const ofAnotherService: () => PluginLogicEntryHookClass = () => FieldEntryHook;
// @ts-expect-error -- the same the other way round
export const ofAnotherServiceToo: () => PluginFieldEntryHookClass = () => LogicEntryHook;
// @ts-expect-error -- an instance is not a class
export const anInstance: (hook: LogicEntryHook) => PluginLogicEntryHookClass = (hook) => hook;
// @ts-expect-error -- the abstract class itself cannot be constructed
export const abstractClass: () => PluginLogicEntryHookClass = () => PluginLogicEntryHookABC;
// @ts-expect-error -- it publishes something else
export const withOtherApi: () => PluginLogicEntryHookClass<{ readonly other: string }> = () => LogicEntryHook;
// @ts-expect-error -- a class that extends nothing
export const plain: () => PluginLogicEntryHookClass = () => class {};
export function construct(platform: PeekLogicPlatformHook): unknown {
  // @ts-expect-error -- it is abstract
  return new PluginLogicEntryHookABC("peek_plugin_a", "/", platform);
}
