import { type ReactNode, useState } from "react";
import { useApp } from "../AppServices.ts";
import { useStore } from "../store/useStore.ts";
import { useTexts } from "../texts/useTexts.ts";

/** Says that a new version of the app is ready; nothing while something unsaved is on the page. */
export function UpdateNotice(): ReactNode {
  const { update, navigation } = useApp();
  const texts = useTexts();
  const isHeld = useStore(navigation.isHeld);
  const state = useStore(update.state);
  const [isDismissed, setDismissed] = useState(false);
  if (state !== "waiting" || isHeld || isDismissed) return null;
  return (
    <div className="peek-notice shell-update" data-tone="info" role="status">
      <p>{texts.appUpdate}</p>
      <button type="button" className="shell-button" data-kind="primary" onClick={() => update.take()}>
        {texts.takeUpdate}
      </button>
      <button type="button" className="shell-button" onClick={() => setDismissed(true)}>
        {texts.later}
      </button>
    </div>
  );
}
