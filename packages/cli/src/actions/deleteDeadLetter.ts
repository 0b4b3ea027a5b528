import { PeekError } from "@peek/errors";
import { printable } from "../printable.ts";
import { withLedger } from "./withLedger.ts";

/**
 * `peek action delete`
 *
 * @throws PeekError `USAGE` when the dead letter does not exist.
 */
export async function deleteDeadLetter(plugin: string, id: string): Promise<void> {
  await withLedger("peek action delete", async (ledger) => {
    if (await ledger.deleteDeadLetter(plugin, id)) console.log(printable(`deleted dead letter ${id} of ${plugin}`));
    else throw new PeekError("USAGE", `${plugin} has no dead letter ${id}. See peek action list ${plugin}.`);
  });
}
