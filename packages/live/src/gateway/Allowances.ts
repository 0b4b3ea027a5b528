import { Allowance } from "./Allowance.ts";

/** What each user may still ask for. */
export class Allowances {
  readonly #allowances = new Map<string, Allowance>();

  of(user: string): Allowance {
    let allowance = this.#allowances.get(user);
    if (allowance === undefined) {
      allowance = new Allowance();
      this.#allowances.set(user, allowance);
    }
    return allowance;
  }

  /** Forgets those that are as new ones would be. To be called now and then. */
  sweep(): void {
    for (const [user, allowance] of this.#allowances) if (allowance.isFull) this.#allowances.delete(user);
  }
}
