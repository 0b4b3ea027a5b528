import { PeekError } from "@peek/errors";
import type { DeadLetter, Logger } from "@peek/plugin-base";
import type {
  ActionLedger,
  LedgerOutcome,
  LedgerRequest,
  LedgerUsage,
  NewDeadLetter,
} from "@peek/plugin-base/internal";
import type { PluginStorage } from "@peek/plugin-base/storage";
import { sql, type Transaction } from "kysely";
import { z } from "zod";
import type { ConnectionPool } from "../access/ConnectionPool.ts";
import type { VortexLayout } from "../catalogue/VortexLayout.ts";
import { LedgerPruning } from "./LedgerPruning.ts";
import { readUsage } from "./readUsage.ts";

/** What a {@link DatabaseLedger} is made of. */
export interface DatabaseLedgerOptions {
  /** Connections of the account that owns the database. */
  readonly pool: ConnectionPool;
  readonly layout: VortexLayout;
  readonly logger: Logger;
  /** What a plugin was handed as its storage; undefined when it is not loaded. */
  readonly storageOf: (plugin: string) => PluginStorage<Record<string, never>> | undefined;
}

type LedgerTransaction = Transaction<Record<string, never>>;

/** What is recorded: the outcome's kind and body, and the dead letter, as JSON. */
interface Entry {
  readonly kind: "done" | "rejected";
  readonly body: string;
  readonly letter: NewDeadLetter | null;
}

/** How many dead letters are shown. */
const mostShown = 1000;

const claimSchema = z.object({
  state: z.enum(["claimed", "done", "rejected", "forgotten", "early", "foreign", "full"]),
  body: z.string().nullable(),
  last: z.bigint().nullable(),
  forgot: z.bigint(),
});

const letterSchema = z.object({
  id: z.bigint().transform(String),
  rejectedAt: z.string(),
  times: z.bigint().transform(Number),
  letter: z.object({
    action: z.string(),
    body: z.string(),
    user: z.object({ id: z.string(), name: z.string(), groups: z.array(z.string()), anonymous: z.boolean() }),
    device: z.string(),
    pushedAt: z.string(),
    code: z.string(),
    message: z.string(),
  }),
});

/**
 * The ledger of actions in the database: what an action does, and that it was done, are committed together. A lane's
 * row is locked while one of its actions is executed, so that whoever comes with the same one again waits, and then
 * finds what was recorded.
 */
export class DatabaseLedger implements ActionLedger, AsyncDisposable {
  readonly #options: DatabaseLedgerOptions;
  readonly #pruning: LedgerPruning;

  constructor(options: DatabaseLedgerOptions) {
    const { pool, logger } = options;
    this.#options = options;
    this.#pruning = new LedgerPruning(pool, logger);
  }

  async execute(
    plugin: string,
    request: LedgerRequest,
    work: (transaction: LedgerTransaction) => Promise<string>,
  ): Promise<LedgerOutcome> {
    return await this.#record(plugin, request, async (transaction) => ({
      kind: "done",
      body: await work(transaction),
      letter: null,
    }));
  }

  async reject(plugin: string, request: LedgerRequest, body: string, letter: NewDeadLetter): Promise<LedgerOutcome> {
    return await this.#record(plugin, request, async () => ({ kind: "rejected", body, letter }));
  }

  async deadLetters(plugin: string): Promise<readonly DeadLetter[]> {
    const { pool, layout } = this.#options;
    await layout.make();
    const { rows } = await pool.use((lent) =>
      lent.query(
        `SELECT id, to_char(rejected_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "rejectedAt", times, letter
         FROM peek_vortex.dead_letter WHERE plugin = $1 ORDER BY id DESC LIMIT ${mostShown}`,
        [plugin],
      ),
    );
    return z
      .array(letterSchema)
      .parse(rows)
      .map(({ id, rejectedAt, times, letter }) => ({ id, ...letter, rejectedAt, times }));
  }

  async deleteDeadLetter(plugin: string, id: string): Promise<boolean> {
    // Another number than one that was given; larger ones the database would not take.
    if (!/^\d{1,18}$/.test(id)) return false;
    const { pool, layout } = this.#options;
    await layout.make();
    const { rowCount } = await pool.use((lent) =>
      lent.query("DELETE FROM peek_vortex.dead_letter WHERE plugin = $1 AND id = $2", [plugin, id]),
    );
    return rowCount === 1;
  }

  async usage(): Promise<readonly LedgerUsage[]> {
    return await this.#options.pool.use(readUsage);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pruning[Symbol.asyncDispose]();
  }

  /** @param enter What is to be recorded; it is only asked for when nothing is recorded yet. */
  async #record(
    plugin: string,
    request: LedgerRequest,
    enter: (transaction: LedgerTransaction) => Promise<Entry>,
  ): Promise<LedgerOutcome> {
    const storage = this.#storageOf(plugin);
    await this.#options.layout.make();
    this.#pruning.begin();
    const { client, lane, sequence, after, acknowledged, userId, device } = request;
    return await storage.transaction(async (transaction): Promise<LedgerOutcome> => {
      const { rows } = await sql`
        SELECT * FROM peek_vortex.claim_action(${plugin}, ${client}, ${lane}, ${sequence}, ${after}, ${userId}, ${device})
      `.execute(transaction);
      const claim = claimSchema.parse(rows[0]);
      if (claim.forgot > 0n) this.#tellForgotten(plugin, request, claim.forgot);
      const known = outcomeOf(claim);
      if (known !== undefined) return known;
      const { kind, body, letter } = await enter(transaction);
      const isBrief = letter?.code === "FORBIDDEN";
      const json = letter === null ? null : JSON.stringify(isBrief ? { ...letter, body: "" } : letter);
      await sql`
        SELECT peek_vortex.record_action(
          ${plugin}, ${client}, ${lane}, ${sequence}, ${acknowledged}, ${kind}, ${body}, ${json},
          ${letter?.action ?? ""}, ${isBrief}
        )
      `.execute(transaction);
      return { kind, body, repeated: false };
    });
  }

  #tellForgotten(plugin: string, { userId, device }: LedgerRequest, lanes: bigint): void {
    this.#options.logger.info(
      { user: userId, device },
      "%s: forgot %d lanes of actions of %s, those unused for longest, to make room for a new one",
      plugin,
      Number(lanes),
      userId,
    );
  }

  #storageOf(plugin: string): PluginStorage<Record<string, never>> {
    const storage = this.#options.storageOf(plugin);
    if (storage !== undefined) return storage;
    throw new PeekError(
      "STORAGE_CLOSED",
      `${plugin} is not loaded, or was unloaded: none of its actions is executed.`,
      {
        fields: { plugin },
      },
    );
  }
}

/** @returns undefined when the action is to be executed now. */
function outcomeOf({ state, body, last }: z.infer<typeof claimSchema>): LedgerOutcome | undefined {
  switch (state) {
    case "claimed":
      return undefined;
    case "done":
    case "rejected":
      return { kind: state, body: body ?? "", repeated: true };
    case "early":
      return { kind: state, last: Number(last ?? 0n) };
    default:
      return { kind: state };
  }
}
