import { useAction, useObservable } from "@peek/client/react";
import { PluginLink } from "@peek/web";
import { Button, Notice, Stack, StaleNotice, Table } from "@peek/web/ui";
import type { ReactNode } from "react";
import { AddIntValue } from "../../src/_private/contracts/AddIntValue.ts";
import { StringCapToggle } from "../../src/_private/contracts/StringCapToggle.ts";
import { StringIntTuple } from "../../src/_private/contracts/StringIntTuple.ts";
import { useLastError } from "./useLastError.ts";

/** The rows of the table, live, with buttons to change them. */
export function StringIntTable(): ReactNode {
  const state = useObservable(StringIntTuple);
  const add = useAction(AddIntValue);
  const toggle = useAction(StringCapToggle);
  const [message, track] = useLastError();
  return (
    <>
      <div className="notices">
        <StaleNotice state={state} />
        {message !== undefined && <Notice tone="alarm">{message}</Notice>}
      </div>
      <Table
        label="Rows"
        rows={state.tuples}
        rowKey={({ id }) => id}
        isLive={state.status === "live"}
        columns={[
          {
            id: "id",
            title: "Id",
            isRowHeader: true,
            cell: ({ id }) => <PluginLink to={`rows/${id}`}>{id}</PluginLink>,
          },
          { id: "string1", title: "Text", cell: ({ string1 }) => string1 },
          { id: "int1", title: "Number", align: "end", cell: ({ int1 }) => int1 },
          {
            id: "change",
            title: "Change",
            cell: ({ id }) => (
              <Stack direction="row">
                <Button onPress={() => track(add({ id, offset: 1 }))}>+1</Button>
                <Button onPress={() => track(add({ id, offset: -1 }))}>−1</Button>
                <Button onPress={() => track(toggle({ id }))}>Aa</Button>
              </Stack>
            ),
          },
        ]}
      />
    </>
  );
}
