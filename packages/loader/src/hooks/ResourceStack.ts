import { messageOf, PeekError } from "@peek/errors";
import type { PluginDisposables } from "@peek/plugin-base";
import type { GenerationId } from "./PluginContext.ts";

interface Resource {
  readonly title: string;
  readonly dispose: () => void | PromiseLike<void>;
}

/** The generation of a plugin that acquires the resources. */
export interface StackOwner extends GenerationId {
  /** Its name in messages. */
  readonly title: string;
}

/** The resources that a plugin acquired in one phase of its life: between load() and unload(), or between start() and stop(). */
export class ResourceStack implements PluginDisposables {
  readonly #owner: StackOwner;
  #resources: Resource[] = [];
  #disposed = false;
  /** When the release has to be over, by `performance.now()`. */
  #deadline = Infinity;
  /** Abandons the resource that is being released. */
  #abandon: (() => void) | undefined;

  constructor(owner: StackOwner) {
    this.#owner = owner;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  use<T extends AsyncDisposable | Disposable | null | undefined>(value: T): T {
    if (value === null || value === undefined) return value;
    const dispose = disposeFunction(value);
    if (dispose === undefined) {
      throw new TypeError("use() accepts values with Symbol.asyncDispose or Symbol.dispose; use adopt() for others");
    }
    this.#add({ title: titleOf(value), dispose });
    return value;
  }

  adopt<T>(value: T, onDispose: (value: T) => void | PromiseLike<void>): T {
    this.#add({ title: titleOf(value), dispose: () => onDispose(value) });
    return value;
  }

  defer(onDispose: () => void | PromiseLike<void>): void {
    this.#add({ title: onDispose.name === "" ? "a deferred function" : onDispose.name, dispose: onDispose });
  }

  /**
   * Releases everything, last in, first out, one at a time. A resource that throws or does not settle is reported, and the
   * next one is released.
   *
   * @param budgetMs The time for all of them together.
   * @returns An error for each resource that could not be released.
   */
  async release(budgetMs: number): Promise<readonly PeekError[]> {
    this.#disposed = true;
    const resources = this.#resources.reverse();
    this.#resources = [];
    this.#deadline = performance.now() + budgetMs;
    const failures: PeekError[] = [];
    for (const resource of resources) {
      const failure = await this.#dispose(resource, this.#deadline - performance.now());
      if (failure !== undefined) failures.push(failure);
    }
    return failures;
  }

  /** Leaves a release that is under way no more than this time. */
  shorten(ms: number): void {
    this.#deadline = Math.min(this.#deadline, performance.now() + ms);
    const abandon = this.#abandon;
    if (abandon !== undefined) setTimeout(abandon, ms);
  }

  #add(resource: Resource): void {
    if (!this.#disposed) {
      this.#resources.push(resource);
      return;
    }
    // A resource that is acquired after the end is released at once: it must not leak.
    void this.#dispose(resource, 0);
    throw new PeekError(
      "PLUGIN_RELEASED",
      `${this.#owner.title} acquired ${resource.title} after it had been stopped; the resource was released at once. End all work in stop(), and wait for it there.`,
      { fields: { plugin: this.#owner.name, generation: this.#owner.generation } },
    );
  }

  async #dispose(resource: Resource, budgetMs: number): Promise<PeekError | undefined> {
    const { promise: late, resolve: abandon } = Promise.withResolvers<PeekError>();
    const began = performance.now();
    const onLate = (): void => {
      const ms = Math.round(performance.now() - began);
      abandon(this.#failure(resource, `was not released within ${ms} ms`));
    };
    this.#abandon = onLate;
    const timer = setTimeout(onLate, Math.max(0, budgetMs));
    const disposed = (async () => {
      try {
        await resource.dispose();
        return undefined;
      } catch (cause) {
        return this.#failure(resource, `threw when it was released: ${messageOf(cause)}`, cause);
      }
    })();
    const failure = await Promise.race([disposed, late]);
    clearTimeout(timer);
    return failure;
  }

  #failure(resource: Resource, what: string, cause?: unknown): PeekError {
    return new PeekError("RESOURCE_NOT_RELEASED", `${this.#owner.title} holds ${resource.title}, which ${what}`, {
      cause,
      fields: { plugin: this.#owner.name, generation: this.#owner.generation, resource: resource.title },
    });
  }
}

function disposeFunction(value: AsyncDisposable | Disposable): Resource["dispose"] | undefined {
  if (Symbol.asyncDispose in value && typeof value[Symbol.asyncDispose] === "function") {
    return () => value[Symbol.asyncDispose]();
  }
  if (Symbol.dispose in value && typeof value[Symbol.dispose] === "function") return () => value[Symbol.dispose]();
  return undefined;
}

function titleOf(value: unknown): string {
  if (typeof value === "object" && value !== null) return `a ${value.constructor?.name ?? "resource"}`;
  return `a ${typeof value}`;
}
