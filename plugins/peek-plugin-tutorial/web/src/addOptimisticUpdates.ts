import type { PeekClient } from "@peek/client";
import { AddIntValue } from "../../src/_private/contracts/AddIntValue.ts";
import { rowAfterAdding, rowAfterToggling } from "../../src/_private/contracts/rowChanges.ts";
import { StringCapToggle } from "../../src/_private/contracts/StringCapToggle.ts";
import { StringIntTuple } from "../../src/_private/contracts/StringIntTuple.ts";

/** Shows the effect of each button at once, also offline, before logic has executed the action. Returns a function that ends this. */
export function addOptimisticUpdates(client: PeekClient): () => void {
  const removals = [
    client.expect(AddIntValue, StringIntTuple, (rows, action) =>
      rows.map((row) => (row.id === action.id ? (rowAfterAdding(row, action) ?? row) : row)),
    ),
    client.expect(StringCapToggle, StringIntTuple, (rows, { id }) =>
      rows.map((row) => (row.id === id ? rowAfterToggling(row) : row)),
    ),
  ];
  return () => {
    for (const remove of removals) remove();
  };
}
