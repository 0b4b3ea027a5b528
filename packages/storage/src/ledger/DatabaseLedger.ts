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
import type { ConnectionPool } from "../pool/ConnectionPool.ts";
import type { VortexLayout } from "../catalogue/VortexLayout.ts";
import { LedgerPruner } from "./LedgerPruner.ts";
import { readLedgerUsage } from "./readLedgerUsage.ts";

/** The options of a {@link DatabaseLedger}. */
export interface DatabaseLedgerOptions {
  /** Connections of the account that owns the database. */
  readonly pool: ConnectionPool;
  readonly layout: VortexLayout;
  readonly logger: Logger;
  /** The storage of a plugin; undefined when it is not loaded. */
  readonly storageOf: (plugin: string) => PluginStorage<Record<string, never>> | undefined;
}

type LedgerTransaction = Transaction<Record<string, never>>;

/** The record of an action: the kind and body of its outcome, and its dead letter. */
interface LedgerEntry {
  readonly kind: "done" | "rejected";
  readonly body: string;
  readonly letter: NewDeadLetter | null;
}

/** The maximum number of dead letters in one answer. */
const maxListed = 1000;

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
 * The ledger of actions in the database. The changes of an action and its record are committed together, so that it is
 * executed exactly once. The row of its lane is locked meanwhile: a repetition waits, and then gets the recorded outcome.
 */
export class DatabaseLedger implements ActionLedger, AsyncDisposable {
  readonly #options: DatabaseLedgerOptions;
  readonly #pruner: LedgerPruner;

  constructor(options: DatabaseLedgerOptions) {
    const { pool, logger } = options;
    this.#options = options;
    this.#pruner = new LedgerPruner(pool, logger);
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
    await layout.create();
    const { rows } = await pool.use((connection) =>
      connection.query(
        `SELECT id, to_char(rejected_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "rejectedAt", times, letter
         FROM peek_vortex.dead_letter WHERE plugin = $1 ORDER BY id DESC LIMIT ${maxListed}`,
        [plugin],
      ),
    );
    return z
      .array(letterSchema)
      .parse(rows)
      .map(({ id, rejectedAt, times, letter }) => ({ id, ...letter, rejectedAt, times }));
  }

  async deleteDeadLetter(plugin: string, id: string): Promise<boolean> {
    // No letter has another id, and PostgreSQL would reject larger numbers.
    if (!/^\d{1,18}$/.test(id)) return false;
    const { pool, layout } = this.#options;
    await layout.create();
    const { rowCount } = await pool.use((connection) =>
      connection.query("DELETE FROM peek_vortex.dead_letter WHERE plugin = $1 AND id = $2", [plugin, id]),
    );
    return rowCount === 1;
  }

  async usage(): Promise<readonly LedgerUsage[]> {
    return await this.#options.pool.use(readLedgerUsage);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pruner[Symbol.asyncDispose]();
  }

  /** @param createEntry Creates the entry; called only if the action is not recorded yet. */
  async #record(
    plugin: string,
    request: LedgerRequest,
    createEntry: (transaction: LedgerTransaction) => Promise<LedgerEntry>,
  ): Promise<LedgerOutcome> {
    const storage = this.#storageOf(plugin);
    await this.#options.layout.create();
    this.#pruner.start();
    const { client, lane, sequence, after, acknowledged, userId, device } = request;
    return await storage.transaction(async (transaction): Promise<LedgerOutcome> => {
      const { rows } = await sql`
        SELECT * FROM peek_vortex.claim_action(${plugin}, ${client}, ${lane}, ${sequence}, ${after}, ${userId}, ${device})
      `.execute(transaction);
      const claim = claimSchema.parse(rows[0]);
      if (claim.forgot > 0n) this.#logEvictedLanes(plugin, request, claim.forgot);
      const known = outcomeOf(claim);
      if (known !== undefined) return known;
      const { kind, body, letter } = await createEntry(transaction);
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

  #logEvictedLanes(plugin: string, { userId, device }: LedgerRequest, lanes: bigint): void {
    this.#options.logger.info(
      { user: userId, device },
      "%s: evicted the %d least recently used lanes of actions of %s, which has reached its quota",
      plugin,
      Number(lanes),
      userId,
    );
  }

  #storageOf(plugin: string): PluginStorage<Record<string, never>> {
    const storage = this.#options.storageOf(plugin);
    if (storage !== undefined) return storage;
    throw new PeekError("PLUGIN_RELEASED", `${plugin} is not loaded, or was unloaded: its actions are not executed.`, {
      fields: { plugin },
    });
  }
}

/** @returns undefined when the action has to be executed now. */
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
