import type { ReactNode } from "react";
import { useApp } from "../AppServices.ts";
import { useStore } from "../store/useStore.ts";
import { useTexts } from "../texts/useTexts.ts";
import { Dialog } from "./Dialog.tsx";

/** Asks before a page is left in which something unsaved was typed. */
export function LeaveDialog(): ReactNode {
  const held = useStore(useApp().navigation.held);
  const texts = useTexts();
  if (held === undefined) return null;
  return (
    <Dialog title={texts.leaveTitle} onClose={held.stay}>
      <p>{texts.leaveText}</p>
      <p className="shell-actions">
        <button type="button" className="shell-button" data-kind="primary" onClick={held.stay}>
          {texts.stay}
        </button>
        <button type="button" className="shell-button" onClick={held.leave}>
          {texts.leave}
        </button>
      </p>
    </Dialog>
  );
}
