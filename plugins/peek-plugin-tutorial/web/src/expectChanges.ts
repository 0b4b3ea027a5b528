import type { PeekClient } from "@peek/client";
import { AddIntValue } from "../../src/_private/contracts/AddIntValue.ts";
import { added, toggled } from "../../src/_private/contracts/changes.ts";
import { StringCapToggle } from "../../src/_private/contracts/StringCapToggle.ts";
import { StringIntTuple } from "../../src/_private/contracts/StringIntTuple.ts";

/** Shows what a button does at once, also offline, before logic has done it. */
export function expectChanges(client: PeekClient): void {
  client.expect(AddIntValue, StringIntTuple, (rows, action) =>
    rows.map((row) => (row.id === action.id ? (added(row, action) ?? row) : row)),
  );
  client.expect(StringCapToggle, StringIntTuple, (rows, { id }) =>
    rows.map((row) => (row.id === id ? toggled(row) : row)),
  );
}
