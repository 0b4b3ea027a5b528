import type { CommandContext } from "@peek/web";
import { AddIntValue } from "../../src/_private/contracts/AddIntValue.ts";

/** The command "Add 1 to row 1". */
export async function addOne({ client, notify }: CommandContext): Promise<void> {
  await client?.push(AddIntValue, { id: 1, offset: 1 });
  notify({ text: "1 is added to row 1.", tone: "success" });
}
