import type { ReactNode } from "react";
import { useTexts } from "../texts/useTexts.ts";
import { useConnectionSummary } from "./useConnectionSummary.ts";
import { usePendingActions } from "./usePendingActions.ts";

/** Whether what the app shows is current, and what waits to be confirmed. A press opens the drawer. */
export function Indicator({ onOpen }: { readonly onOpen: () => void }): ReactNode {
  const texts = useTexts();
  const { status, text, reason } = useConnectionSummary();
  const actions = usePendingActions();
  const rejected = actions.filter((action) => action.status === "rejected").length;
  const pending = actions.length - rejected;
  return (
    <button type="button" className="shell-indicator" onClick={onOpen} title={reason}>
      <span role="status" className="shell-indicator-states">
        <span className="shell-state" data-status={status}>
          {text}
        </span>
        {pending > 0 && (
          <span className="shell-state" data-status="pending">
            {texts.pendingCount(pending)}
          </span>
        )}
        {rejected > 0 && (
          <span className="shell-state" data-status="rejected">
            {texts.rejectedCount(rejected)}
          </span>
        )}
      </span>
    </button>
  );
}
