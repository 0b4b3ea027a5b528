import { PeekError } from "@peek/errors";
import { printJson, printTable } from "../output.ts";
import { withLedger } from "./withLedger.ts";

/**
 * `peek action list`
 *
 * @param name Only the dead letters of this plugin. Default: of all plugins.
 * @throws PeekError `USAGE` for an unknown plugin.
 */
export async function listDeadLetters(name: string | undefined, json: boolean): Promise<void> {
  await withLedger("peek action list", async (ledger, plugins) => {
    const lists = await Promise.all(
      (name === undefined ? [...plugins] : [name]).map(async (plugin) =>
        (await ledger.deadLetters(plugin)).map((letter) => ({ plugin, ...letter })),
      ),
    );
    const letters = lists.flat();
    if (name !== undefined && letters.length === 0 && !plugins.has(name)) {
      throw new PeekError(
        "USAGE",
        `There is no plugin ${name}: it is not enabled, and the database has no data of it.`,
      );
    }
    if (json) printJson(letters);
    else if (letters.length === 0) console.log("No action was rejected.");
    else {
      printTable([
        ["PLUGIN", "ID", "ACTION", "USER", "PUSHED", "REJECTED", "WHY"],
        ...letters.map(({ plugin, id, action, user, pushedAt, rejectedAt, code, message, times }) => [
          plugin,
          id,
          action.slice(action.indexOf(".") + 1),
          user.name,
          pushedAt,
          rejectedAt,
          times === 1 ? `${code}: ${message}` : `${code}, ${times} times: ${message}`,
        ]),
      ]);
    }
  });
}
