import type { ChangeStep, StepListener } from "./PluginChange.ts";

/** Measures the steps of a change, and reports each when it begins. */
export class StepTimer {
  readonly #onStep: StepListener;
  readonly #durations: Partial<Record<ChangeStep, number>> = {};
  #current: { readonly step: ChangeStep; readonly began: number } | undefined;

  constructor(onStep: StepListener) {
    this.#onStep = onStep;
  }

  /** Begins a step; the step before ends. */
  begin(step: ChangeStep): void {
    this.end();
    this.#current = { step, began: performance.now() };
    this.#onStep(step);
  }

  /** Ends the present step. */
  end(): void {
    if (this.#current === undefined) return;
    const { step, began } = this.#current;
    const ms = (this.#durations[step] ?? 0) + performance.now() - began;
    this.#durations[step] = Math.round(ms * 1000) / 1000;
    this.#current = undefined;
  }

  /** How long each step took, in milliseconds. */
  get durations(): Readonly<Partial<Record<ChangeStep, number>>> {
    return { ...this.#durations };
  }
}
