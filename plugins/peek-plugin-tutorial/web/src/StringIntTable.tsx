import { useAction, useObservable } from "@peek/client/react";
import type { ReactNode } from "react";
import { AddIntValue } from "../../src/_private/contracts/AddIntValue.ts";
import { StringCapToggle } from "../../src/_private/contracts/StringCapToggle.ts";
import { StringIntTuple } from "../../src/_private/contracts/StringIntTuple.ts";
import { AsOf } from "./AsOf.tsx";
import { useFailure } from "./useFailure.ts";

/** The table, live. */
export function StringIntTable(): ReactNode {
  const state = useObservable(StringIntTuple);
  const { tuples, status, error } = state;
  const add = useAction(AddIntValue);
  const toggle = useAction(StringCapToggle);
  const [failure, tell] = useFailure();
  if (status === "loading") return <p>{error?.message ?? "Loading…"}</p>;
  if (status === "refused") return <p role="alert">{error?.message}</p>;
  return (
    <>
      {failure !== undefined && <p role="alert">{failure}</p>}
      <AsOf state={state} />
      <table data-status={status}>
        <thead>
          <tr>
            <th>Id</th>
            <th>Text</th>
            <th>Number</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {tuples.map(({ id, string1, int1 }) => (
            <tr key={id} data-id={id}>
              <td>{id}</td>
              <td className="string1">{string1}</td>
              <td className="int1">{int1}</td>
              <td>
                <button type="button" onClick={() => tell(add({ id, offset: 1 }))}>
                  +1
                </button>
                <button type="button" onClick={() => tell(add({ id, offset: -1 }))}>
                  −1
                </button>
                <button type="button" onClick={() => tell(toggle({ id }))}>
                  Aa
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
