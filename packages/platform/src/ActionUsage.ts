import type { ActionLedger, LedgerUsage } from "@peek/plugin-base/internal";

/** How long an answer is good; milliseconds. */
const freshMs = 5000;
/** How long the database is waited for; milliseconds. Who asks how a service is wants to know that most when it is away. */
const patienceMs = 1000;

type Usage = readonly LedgerUsage[] | undefined;

/** How much is kept of actions, asked of the database when somebody wants to know; once for all who ask at a time. */
export class ActionUsage {
  readonly #ledger: () => ActionLedger | undefined;
  #asked: { readonly at: number; readonly answer: Promise<Usage> } | undefined;

  constructor(ledger: () => ActionLedger | undefined) {
    this.#ledger = ledger;
  }

  /** Never rejects. @returns Undefined where nothing is recorded, or the database does not answer soon. */
  async read(): Promise<Usage> {
    const now = performance.now();
    if (this.#asked === undefined || now - this.#asked.at > freshMs) {
      this.#asked = { at: now, answer: this.#ask() };
    }
    const late = Promise.withResolvers<Usage>();
    const timer = setTimeout(() => late.resolve(undefined), patienceMs);
    try {
      return await Promise.race([this.#asked.answer, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(): Promise<Usage> {
    try {
      return await this.#ledger()?.usage();
    } catch {
      // That the database is away is told already.
      return undefined;
    }
  }
}
