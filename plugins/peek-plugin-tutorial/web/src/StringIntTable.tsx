import { useAction, useObservable } from "@peek/client/react";
import type { ReactNode } from "react";
import { AddIntValue } from "../../src/_private/contracts/AddIntValue.ts";
import { StringCapToggle } from "../../src/_private/contracts/StringCapToggle.ts";
import { StringIntTuple } from "../../src/_private/contracts/StringIntTuple.ts";
import { StaleNotice } from "./StaleNotice.tsx";
import { useLastError } from "./useLastError.ts";

/** The rows of the table, live, with buttons to change them. */
export function StringIntTable(): ReactNode {
  const state = useObservable(StringIntTuple);
  const { tuples, status, error } = state;
  const add = useAction(AddIntValue);
  const toggle = useAction(StringCapToggle);
  const [message, track] = useLastError();
  if (status === "loading") return <p role="status">{error?.message ?? "Loading…"}</p>;
  if (status === "refused") return <p role="alert">{error?.message}</p>;
  return (
    <>
      {message !== undefined && <p role="alert">{message}</p>}
      <StaleNotice state={state} />
      <table data-status={status}>
        <thead>
          <tr>
            <th scope="col">Id</th>
            <th scope="col">Text</th>
            <th scope="col" className="int1">
              Number
            </th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {tuples.map(({ id, string1, int1 }) => (
            <tr key={id} data-id={id}>
              <th scope="row">{id}</th>
              <td className="string1">{string1}</td>
              <td className="int1">{int1}</td>
              <td>
                <div className="buttons">
                  <button type="button" title="Add 1" onClick={() => track(add({ id, offset: 1 }))}>
                    +1
                  </button>
                  <button type="button" title="Subtract 1" onClick={() => track(add({ id, offset: -1 }))}>
                    −1
                  </button>
                  <button
                    type="button"
                    title="Switch between capitals and small letters"
                    onClick={() => track(toggle({ id }))}
                  >
                    Aa
                  </button>
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {tuples.length === 0 && <p>The table has no rows.</p>}
    </>
  );
}
