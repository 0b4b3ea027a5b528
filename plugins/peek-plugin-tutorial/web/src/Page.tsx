import type { ReactNode } from "react";
import { ConnectionBadge } from "./ConnectionBadge.tsx";
import { PendingActions } from "./PendingActions.tsx";
import { StringIntTable } from "./StringIntTable.tsx";

/** The whole page. */
export function Page(): ReactNode {
  return (
    <main>
      <header>
        <h1>Tutorial</h1>
        <ConnectionBadge />
      </header>
      <StringIntTable />
      <PendingActions />
    </main>
  );
}
