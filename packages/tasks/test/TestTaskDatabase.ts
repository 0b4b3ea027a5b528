import { PeekError } from "@peek/errors";
import type { TaskDatabase, TaskRows } from "@peek/plugin-base/internal";
import pg from "pg";

type Row = Record<string, unknown>;

/** The database of a test, as the storage gives it to tasks: errors are PeekErrors, several statements give the rows of the last. */
export class TestTaskDatabase implements TaskDatabase {
  /** Called before each statement; what it throws, the statement fails with. */
  onQuery: ((sql: string) => void) | undefined;
  readonly #pool: pg.Pool;

  constructor({ connectUrl }: { readonly connectUrl: string }, size = 4) {
    // Names without a schema are found nowhere, as on the real one.
    this.#pool = new pg.Pool({ connectionString: connectUrl, max: size, options: "-c search_path=pg_catalog" });
    this.#pool.on("error", () => undefined);
  }

  get available(): boolean {
    return true;
  }

  async query(sql: string, values: readonly unknown[] = []): Promise<TaskRows> {
    this.onQuery?.(sql);
    try {
      // Of several statements, `pg` gives a list, whatever its types say.
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
