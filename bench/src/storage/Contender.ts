import type { Kysely } from "kysely";
import type { Pool } from "pg";
import { itemCount, type ItemTables } from "./ItemTable.ts";

/** The kinds of queries. */
export type Operation = "select" | "insert";

/** A library that queries the database. */
export interface Contender {
  readonly title: string;
  /** Runs one query of a kind; `index` is a running number. */
  readonly operations: Readonly<Record<Operation, (index: number) => Promise<unknown>>>;
}

/** Queries by Kysely, on any kind of connections. */
export function kyselyContender(title: string, db: Kysely<ItemTables>): Contender {
  return {
    title,
    operations: {
      select: (index) =>
        db.selectFrom("item").select(["id", "name", "amount"]).where("id", "=", idOf(index)).executeTakeFirstOrThrow(),
      insert: (index) => db.insertInto("item").values({ name: "new", amount: index }).execute(),
    },
  };
}

/** Queries by `pg`, with the SQL that Kysely makes of the same. */
export function poolContender(title: string, pool: Pool): Contender {
  return {
    title,
    operations: {
      select: async (index) => {
        const { rows } = await pool.query<ItemTables["item"]>(selectText, [idOf(index)]);
        if (rows[0] === undefined) throw new Error("There is no such item");
        return rows[0];
      },
      insert: (index) => pool.query(insertText, ["new", index]),
    },
  };
}

const selectText = 'select "id", "name", "amount" from "item" where "id" = $1';
const insertText = 'insert into "item" ("name", "amount") values ($1, $2)';

function idOf(index: number): number {
  return (index % itemCount) + 1;
}
