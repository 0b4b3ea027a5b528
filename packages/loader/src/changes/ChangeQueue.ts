import { messageOf, PeekError } from "@peek/errors";
import { changeCancelled } from "./changeCancelled.ts";
import type { ChangeConfirmation, ChangeRequest, ChangeResult, RunningChange, StepListener } from "./PluginChange.ts";

/** How many changes may wait. */
const maxWaiting = 16;
/** How many results are kept. */
const maxResults = 100;

/** How one change is executed. */
export interface ChangeContext {
  readonly onStep: StepListener;
  /** Default: the change goes on as soon as it has been prepared. */
  readonly confirm?: ChangeConfirmation;
  /** Fires when the service begins to stop. */
  readonly signal: AbortSignal;
  /** Fires when the new generation need not be watched any longer. */
  readonly probeEnd: AbortSignal;
}

/** Executes the changes of one service one after the other, and keeps the last results. */
export class ChangeQueue {
  readonly #execute: (request: ChangeRequest, context: ChangeContext) => Promise<ChangeResult>;
  readonly #opened = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  readonly #results: ChangeResult[] = [];
  #last: Promise<unknown> = this.#opened.promise;
  #waiting = 0;
  #running: RunningChange | undefined;
  #probeEnd = new AbortController();

  /** @param execute Executes one change. An error that it throws is the result of that change. */
  constructor(execute: (request: ChangeRequest, context: ChangeContext) => Promise<ChangeResult>) {
    this.#execute = execute;
  }

  /** The change that is being executed. */
  get running(): RunningChange | undefined {
    return this.#running;
  }

  /** The last results, the newest last. */
  get results(): readonly ChangeResult[] {
    return [...this.#results];
  }

  /** Begins to execute changes; those that were added before wait until then. */
  open(): void {
    this.#opened.resolve();
  }

  /** Executes a change after those that were added before; refuses it when too many wait, or the service stops. */
  async add(
    request: ChangeRequest,
    onStep: StepListener = () => undefined,
    confirm?: ChangeConfirmation,
  ): Promise<ChangeResult> {
    const began = new Date();
    if (this.#waiting >= maxWaiting) return this.#keep(resultOf(request, "refused", began, tooMany(request)));
    this.#waiting += 1;
    const before = this.#last;
    const result = (async () => {
      await before;
      this.#waiting -= 1;
      return this.#keep(await this.#run(request, { onStep, ...(confirm !== undefined && { confirm }) }, began));
    })();
    this.#last = result;
    return await result;
  }

  /** Ends the watch of the new generation of a plugin, if it is being changed; also if the watch has not begun yet. */
  endProbe(plugin: string): void {
    if (this.#running?.plugin === plugin) this.#probeEnd.abort();
  }

  /** Refuses all changes from now on, and ends the one that is being executed. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#opened.resolve();
    await this.#last;
  }

  async #run(
    request: ChangeRequest,
    context: Omit<ChangeContext, "signal" | "probeEnd">,
    began: Date,
  ): Promise<ChangeResult> {
    const { signal } = this.#closing;
    if (signal.aborted) return resultOf(request, "refused", began, changeCancelled(request));
    const running: RunningChange = { ...request, at: new Date().toISOString() };
    this.#running = running;
    this.#probeEnd = new AbortController();
    const { signal: probeEnd } = this.#probeEnd;
    const onStep: StepListener = (step) => {
      this.#running = { ...running, step };
      context.onStep(step);
    };
    try {
      return await this.#execute(request, { ...context, onStep, signal, probeEnd });
    } catch (cause) {
      const error = new PeekError("INTERNAL", messageOf(cause), { cause });
      return resultOf(request, "failed", began, error);
    } finally {
      this.#running = undefined;
    }
  }

  #keep(result: ChangeResult): ChangeResult {
    this.#results.push(result);
    if (this.#results.length > maxResults) this.#results.shift();
    return result;
  }
}

function resultOf(
  { kind, plugin }: ChangeRequest,
  outcome: "refused" | "failed",
  began: Date,
  { code, message }: PeekError,
): ChangeResult {
  const nothing = { restarted: [], ended: [], durations: {} };
  return { kind, plugin, outcome, at: began.toISOString(), ...nothing, error: { code, message } };
}

function tooMany({ kind, plugin }: ChangeRequest): PeekError {
  return new PeekError(
    "CHANGE_QUEUE_FULL",
    `Failed to ${kind} ${plugin}: ${maxWaiting} changes wait already. Wait until one of them has been executed.`,
  );
}
