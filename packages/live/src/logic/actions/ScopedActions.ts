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
import { ActionExecutor, type AnyActionHandler } from "./ActionExecutor.ts";

/** Options of {@link ScopedActions}. */
export interface ScopedActionsOptions {
  readonly plugin: string;
  readonly scopes: PluginScopes;
  readonly logger: Logger;
  readonly ledger: ActionLedger | undefined;
  readonly services: readonly ServiceName[];
  readonly logThrottle: LogThrottle;
  readonly capture: CaptureContext;
  /** Has an executor serve the actions of a name. Returns what ends that. */
  readonly add: (name: string, executor: ActionExecutor) => () => Promise<void>;
}

/** `platform.actions` of one plugin on logic. Its handlers end with its scope. */
export class ScopedActions implements PluginActions<Record<string, never>> {
  readonly #options: ScopedActionsOptions;

  constructor(options: ScopedActionsOptions) {
    this.#options = options;
  }

  handle<T, Input, Result, ResultInput>(
    type: ActionType<T, Input, Result, ResultInput>,
    handler: ActionHandler<Record<string, never>, T, ResultInput>,
    options: ActionHandleOptions = {},
  ): AsyncDisposable {
    const { plugin, scopes, logger, services, logThrottle, capture, add } = this.#options;
    const scope = scopes.current();
    const ledger = this.#ledger();
    this.#check(type.name, type.plugin, handler, options);
    const executor = new ActionExecutor({
      plugin,
      // Its argument and its result are checked by the schemas of the type.
      type,
      handler: handler as AnyActionHandler,
      options,
      ledger,
      services: type.services ?? services,
      logger,
      logThrottle,
      run: capture(),
    });
    const release = add(type.name, executor);
    return { [Symbol.asyncDispose]: scope.stack(`the action ${type.name}`, release) };
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    this.#options.scopes.current();
    return await this.#ledger().deadLetters(this.#options.plugin);
  }

  async deleteDeadLetter(id: string): Promise<boolean> {
    this.#options.scopes.current();
    return await this.#ledger().deleteDeadLetter(this.#options.plugin, id);
  }

  #ledger(): ActionLedger {
    const { ledger, plugin } = this.#options;
    if (ledger !== undefined) return ledger;
    throw new PeekError(
      "ACTION_NEEDS_STORAGE",
      `${plugin} cannot handle actions, which are executed in transactions: requiresServices of its plugin_package.json does not include "storage". Add it.`,
      { fields: { plugin } },
    );
  }

  #check(name: string, owner: string, handler: unknown, { deadlineMs, authorize }: ActionHandleOptions): void {
    const { plugin } = this.#options;
    if (owner !== plugin || !name.startsWith(`${plugin}.`)) {
      throw invalid(name, `its name must begin with ${plugin}`);
    }
    if (typeof handler !== "function")
      throw invalid(name, `its handler must be a function, not ${describeValue(handler)}`);
    if (deadlineMs !== undefined && !(deadlineMs > 0 && deadlineMs < 2 ** 31)) {
      throw invalid(name, `deadlineMs must be a number of milliseconds, not ${describeValue(deadlineMs)}`);
    }
    if (authorize !== undefined && typeof authorize !== "function") {
      throw invalid(name, `authorize must be a function, not ${describeValue(authorize)}`);
    }
  }
}

function invalid(name: string, problem: string): PeekError {
  return new PeekError("CONTRACT_INVALID", `The action ${describeValue(name)} cannot be handled: ${problem}.`, {
    fields: { action: name },
  });
}
