import { messageOf, type PeekError } from "@peek/errors";
import { type ClientBase, DatabaseError } from "pg";
import type { PluginSchema } from "../catalogue/readCatalogue.ts";
import { type ExistingRoles, roleDenied } from "./existingRoles.ts";

/** A schema that is to be created, with the SQL that does it. */
export interface ProvisioningStep {
  readonly pluginSchema: PluginSchema;
  readonly sql: string;
}

/**
 * Creates schemas in one round trip; or one by one, when the account may not alter a role that exists already.
 *
 * @returns The errors of the plugins with such a role; nothing was created for them.
 */
export async function executeProvisioning(
  client: ClientBase,
  user: string,
  steps: readonly ProvisioningStep[],
  roles: ExistingRoles,
): Promise<ReadonlyMap<string, PeekError>> {
  const refused = new Map<string, PeekError>();
  if (steps.length === 0) return refused;
  if ((await tryToExecute(client, steps)) === undefined) return refused;
  for (const step of steps) {
    const error = await tryToExecute(client, [step]);
    if (error === undefined) continue;
    const { plugin, role } = step.pluginSchema;
    if (role === undefined || !roles.has(role)) throw error;
    refused.set(plugin, roleDenied(plugin, role, user, messageOf(error), error));
  }
  return refused;
}

/** @returns The error when the account lacks the right; the transaction is then as it was before. */
async function tryToExecute(
  client: ClientBase,
  steps: readonly ProvisioningStep[],
): Promise<DatabaseError | undefined> {
  try {
    await client.query(`SAVEPOINT step; ${steps.map(({ sql }) => sql).join("")} RELEASE SAVEPOINT step`);
    return undefined;
  } catch (error) {
    // insufficient_privilege
    if (!(error instanceof DatabaseError) || error.code !== "42501") throw error;
    await client.query("ROLLBACK TO SAVEPOINT step");
    return error;
  }
}
