import { Stack } from "@peek/web/ui";
import type { ReactNode } from "react";
import "./page.css";
import { PendingActions } from "./PendingActions.tsx";
import { StringIntTable } from "./StringIntTable.tsx";

/** The rows, and the user's actions that are not executed yet. */
export default function RowsPage(): ReactNode {
  return (
    <Stack>
      <StringIntTable />
      <PendingActions />
    </Stack>
  );
}
