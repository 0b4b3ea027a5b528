import { waitAtMost } from "@peek/kit";
import type { ActionLedger, LedgerUsage } from "@peek/plugin-base/internal";

/** How long an answer is used again. */
const freshMs = 5000;
/** How long to wait for the database: the status of a service matters most when its database is away. */
const timeoutMs = 1000;

type Usage = readonly LedgerUsage[] | undefined;

/** Reads from the database how much the ledger of actions stores. Concurrent readers share one query. */
export class LedgerUsageReader {
  readonly #ledger: () => ActionLedger | undefined;
  #query: { readonly at: number; readonly answer: Promise<Usage> } | undefined;

  constructor(ledger: () => ActionLedger | undefined) {
    this.#ledger = ledger;
  }

  /** Never rejects. @returns undefined without a ledger, or when the database does not answer in time. */
  async read(): Promise<Usage> {
    const now = performance.now();
    if (this.#query === undefined || now - this.#query.at > freshMs) {
      this.#query = { at: now, answer: this.#readNow() };
    }
    return await waitAtMost(timeoutMs, this.#query.answer);
  }

  async #readNow(): Promise<Usage> {
    try {
      return await this.#ledger()?.usage();
    } catch {
      // The storage reports that the database is away.
      return undefined;
    }
  }
}
