import { PeekError } from "@peek/errors";
import type { TaskDatabase, TaskRows } from "@peek/plugin-base/internal";
import pg from "pg";

type Row = Record<string, unknown>;

/** The database of a test as the storage provides it: errors are PeekErrors, and several statements return the rows of the last one. */
export class TestTaskDatabase implements TaskDatabase {
  /** Called before each statement, which fails with an error of it. */
  onQuery: ((sql: string) => void) | undefined;
  readonly #pool: pg.Pool;

  constructor({ connectUrl }: { readonly connectUrl: string }, size = 4) {
    // As in the product, names without a schema are not found.
    this.#pool = new pg.Pool({ connectionString: connectUrl, max: size, options: "-c search_path=pg_catalog" });
    this.#pool.on("error", () => undefined);
  }

  get available(): boolean {
    return true;
  }

  async query(sql: string, values: readonly unknown[] = []): Promise<TaskRows> {
    this.onQuery?.(sql);
    try {
      // For several statements, `pg` returns a list, against its types.
      const results: pg.QueryResult<Row>[] = [await this.#pool.query<Row>(sql, [...values])].flat();
      return { rows: results.at(-1)?.rows ?? [] };
    } catch (error) {
      const state = error instanceof pg.DatabaseError ? error.code : undefined;
      throw new PeekError(codeOf(state), `${String(error)} (${state ?? "no code"})`, {
        cause: error,
        fields: { sqlState: state },
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}

function codeOf(state: string | undefined): PeekError["code"] {
  if (state === undefined || state.startsWith("57P")) return "STORAGE_UNAVAILABLE";
  if (state === "40P01" || state === "40001") return "STORAGE_CONFLICT";
  if (state === "42501") return "STORAGE_DENIED";
  return state.startsWith("23") ? "STORAGE_CONSTRAINT" : "STORAGE_QUERY_FAILED";
}
