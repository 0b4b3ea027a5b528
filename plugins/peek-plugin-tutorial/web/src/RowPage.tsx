import { useAction, useObservable } from "@peek/client/react";
import { useForm, usePageTitle, useRouteParams } from "@peek/web";
import { EmptyState, FormView, NumberField, Stack, StaleNotice } from "@peek/web/ui";
import type { ReactNode } from "react";
import { AddIntValue } from "../../src/_private/contracts/AddIntValue.ts";
import { StringIntTuple } from "../../src/_private/contracts/StringIntTuple.ts";
import "./page.css";
import { PendingActions } from "./PendingActions.tsx";

/** One row, with a form that adds to its number. */
export default function RowPage(): ReactNode {
  const id = Number(useRouteParams()["id"]);
  const state = useObservable(StringIntTuple);
  const add = useAction(AddIntValue);
  const form = useForm(AddIntValue, { initial: { id }, onSubmit: add });
  usePageTitle(`Row ${id}`);
  const row = state.tuples.find((tuple) => tuple.id === id);
  return (
    <Stack>
      <div className="notices">
        <StaleNotice state={state} />
      </div>
      {row !== undefined && (
        <>
          <p className="number">
            {row.string1}: <strong>{row.int1}</strong>
          </p>
          <FormView form={form} submitText="Add">
            <NumberField label="Amount" description="From -1000 to 1000" {...form.field("offset")} />
          </FormView>
        </>
      )}
      {row === undefined && state.status === "live" && <EmptyState title={`There is no row ${id}`} />}
      <PendingActions />
    </Stack>
  );
}
