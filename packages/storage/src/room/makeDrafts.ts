import { messageOf, type PeekError } from "@peek/errors";
import { type ClientBase, DatabaseError } from "pg";
import type { Room } from "../catalogue/readCatalogue.ts";
import { claimDenied, type PresentRoles } from "./roleClaims.ts";

/** A room that is to be made, and what makes it. */
export interface Draft {
  readonly room: Room;
  readonly sql: string;
}

/**
 * Makes rooms all at once; or, when a role that is there is not for the account to give, each by itself.
 *
 * @returns The plugins whose role it was, which get nothing.
 */
export async function makeDrafts(
  client: ClientBase,
  user: string,
  drafts: readonly Draft[],
  roles: PresentRoles,
): Promise<ReadonlyMap<string, PeekError>> {
  const refused = new Map<string, PeekError>();
  if (drafts.length === 0) return refused;
  if ((await tryToMake(client, drafts)) === undefined) return refused;
  for (const draft of drafts) {
    const error = await tryToMake(client, [draft]);
    if (error === undefined) continue;
    const { plugin, role } = draft.room;
    if (role === undefined || !roles.has(role)) throw error;
    refused.set(plugin, claimDenied(plugin, role, user, messageOf(error), error));
  }
  return refused;
}

/** @returns How the account was denied it; the transaction is then as it was. */
async function tryToMake(client: ClientBase, drafts: readonly Draft[]): Promise<DatabaseError | undefined> {
  try {
    await client.query(`SAVEPOINT draft; ${drafts.map(({ sql }) => sql).join("")} RELEASE SAVEPOINT draft`);
    return undefined;
  } catch (error) {
    // insufficient_privilege
    if (!(error instanceof DatabaseError) || error.code !== "42501") throw error;
    await client.query("ROLLBACK TO SAVEPOINT draft");
    return error;
  }
}
