import type { CataloguePlugin } from "@peek/web/protocol";
import type { ReactNode } from "react";
import { useApp } from "../AppServices.ts";
import { useStore } from "../store/useStore.ts";
import { useTexts } from "../texts/useTexts.ts";
import { FailureView } from "./FailureView.tsx";

/** The props of {@link PluginNotices}. */
export interface PluginNoticesProps {
  readonly entry: CataloguePlugin;
  readonly isDisabled: boolean;
  /** Whether another version is there than the one that the page shows. */
  readonly isReplaced: boolean;
  readonly onReload: () => void;
}

/** Notices on the version of a page, and on failures in its handlers. */
export function PluginNotices({ entry, isDisabled, isReplaced, onReload }: PluginNoticesProps): ReactNode {
  const { navigation, failures } = useApp();
  const texts = useTexts();
  const isHeld = useStore(navigation.isHeld);
  const failure = useStore(failures.state).get(entry.name);
  const isBeside = failure !== undefined && (failure.phase === "event" || failure.phase === "blocked");
  return (
    <>
      {isDisabled && (
        <div className="peek-notice" data-tone="warning" role="alert">
          <p>
            <strong>{texts.pluginDisabled(entry.title)}.</strong> {texts.pluginDisabledText}
          </p>
        </div>
      )}
      {isReplaced && (
        <div className="peek-notice" data-tone="info" role="status">
          <p>
            {texts.newVersion(entry.title)}
            {isHeld && ` ${texts.newVersionDirty}`}
          </p>
          <button type="button" className="shell-button" onClick={onReload}>
            {texts.reloadPage}
          </button>
        </div>
      )}
      {isBeside && (
        <div className="peek-notice" data-tone="alarm">
          <FailureView
            heading={texts.pluginReported(entry.title)}
            failure={failure}
            subject={`${entry.name} ${entry.version}`}
          />
          <button type="button" className="shell-button" onClick={() => failures.clear(entry.name)}>
            {texts.dismiss}
          </button>
        </div>
      )}
    </>
  );
}
