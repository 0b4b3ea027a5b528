import { describeValue, PeekError } from "@peek/errors";
import type {
  ActionHandleOptions,
  ActionHandler,
  DeadLetter,
  Logger,
  PluginActions,
  ServiceName,
} from "@peek/plugin-base";
import type { ActionType } from "@peek/plugin-base/contracts";
import type { ActionLedger } from "@peek/plugin-base/internal";
import type { CaptureContext, LogThrottle, PluginScopes } from "@peek/kit";
import { type AnyActionHandler, HandledAction } from "./HandledAction.ts";

/** What {@link ScopedActions} are made of. */
export interface ScopedActionsParts {
  readonly plugin: string;
  readonly scopes: PluginScopes;
  readonly logger: Logger;
  readonly ledger: ActionLedger | undefined;
  readonly services: readonly ServiceName[];
  readonly rateLimit: LogThrottle;
  readonly capture: CaptureContext;
  /** Has it executed from now on; gives what ends that. */
  readonly add: (name: string, handled: HandledAction) => () => Promise<void>;
}

/** The actions of one plugin. */
export class ScopedActions implements PluginActions<Record<string, never>> {
  readonly #parts: ScopedActionsParts;

  constructor(parts: ScopedActionsParts) {
    this.#parts = parts;
  }

  handle<T, Input, Result, ResultInput>(
    type: ActionType<T, Input, Result, ResultInput>,
    handler: ActionHandler<Record<string, never>, T, ResultInput>,
    options: ActionHandleOptions = {},
  ): AsyncDisposable {
    const { plugin, scopes, logger, services, rateLimit, capture, add } = this.#parts;
    const scope = scopes.current();
    const ledger = this.#ledger();
    this.#check(type.name, type.plugin, handler, options);
    const handled = new HandledAction({
      plugin,
      // What it is handed has been checked by the type's schema, and what it returns will be.
      type,
      handler: handler as AnyActionHandler,
      options,
      ledger,
      services: type.services ?? services,
      logger,
      rateLimit,
      run: capture(),
    });
    const release = add(type.name, handled);
    return { [Symbol.asyncDispose]: scope.stack(`the action ${type.name}`, release) };
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    this.#parts.scopes.current();
    return await this.#ledger().deadLetters(this.#parts.plugin);
  }

  async deleteDeadLetter(id: string): Promise<boolean> {
    this.#parts.scopes.current();
    return await this.#ledger().deleteDeadLetter(this.#parts.plugin, id);
  }

  #ledger(): ActionLedger {
    const { ledger, plugin } = this.#parts;
    if (ledger !== undefined) return ledger;
    throw new PeekError(
      "ACTION_NEEDS_STORAGE",
      `${plugin} handles actions, which are executed in transactions, but does not require storage. Add "storage" to requiresServices of its plugin_package.json.`,
      { fields: { plugin } },
    );
  }

  #check(name: string, owner: string, handler: unknown, { deadlineMs, authorize }: ActionHandleOptions): void {
    const { plugin } = this.#parts;
    if (owner !== plugin || !name.startsWith(`${plugin}.`)) {
      throw invalid(name, `its name has to begin with ${plugin}`);
    }
    if (typeof handler !== "function") throw invalid(name, `its handler is ${describeValue(handler)}`);
    if (deadlineMs !== undefined && !(deadlineMs > 0 && deadlineMs < 2 ** 31)) {
      throw invalid(name, `deadlineMs is ${describeValue(deadlineMs)}, not a time in milliseconds`);
    }
    if (authorize !== undefined && typeof authorize !== "function") {
      throw invalid(name, `authorize is ${describeValue(authorize)}, not a function`);
    }
  }
}

function invalid(name: string, what: string): PeekError {
  return new PeekError("CONTRACT_INVALID", `The action ${describeValue(name)} cannot be handled: ${what}.`, {
    fields: { action: name },
  });
}
