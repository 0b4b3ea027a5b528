import { type ReactNode, useState } from "react";
import type { ModuleFailure } from "../modules/ModuleFailure.ts";
import { useTexts } from "../texts/useTexts.ts";

/** The props of {@link FailureView}. */
export interface FailureViewProps {
  readonly heading: string;
  readonly text?: string;
  readonly failure: ModuleFailure;
  /** The plugin and its version, for the author. */
  readonly subject: string;
  readonly onRetry?: (() => void) | undefined;
  /** Whether it has failed again: then loading the whole app anew is offered too. */
  readonly isRepeated?: boolean;
}

/** Says that a plugin has failed, with what its author needs. */
export function FailureView({ heading, text, failure, subject, onRetry, isRepeated }: FailureViewProps): ReactNode {
  const texts = useTexts();
  const details = `${subject}\n${location.pathname}\n${failure.phase}: ${failure.stack ?? failure.message}`;
  return (
    <section className="shell-failure" role="alert">
      <h2>{heading}</h2>
      {text !== undefined && <p>{text}</p>}
      <p className="shell-failure-message">{failure.message}</p>
      <p className="shell-actions">
        {onRetry !== undefined && (
          <button type="button" className="shell-button" data-kind="primary" onClick={onRetry}>
            {texts.tryAgain}
          </button>
        )}
        {isRepeated === true && (
          <button type="button" className="shell-button" onClick={() => location.reload()}>
            {texts.reloadApp}
          </button>
        )}
      </p>
      <AuthorDetails details={details} />
    </section>
  );
}

function AuthorDetails({ details }: { readonly details: string }): ReactNode {
  const texts = useTexts();
  const [isCopied, setCopied] = useState(false);
  // Pages that are not served over HTTPS have no clipboard.
  const clipboard = (navigator as { readonly clipboard?: Clipboard }).clipboard;
  const copy = async (): Promise<void> => {
    await clipboard?.writeText(details);
    setCopied(true);
  };
  return (
    <details className="shell-details">
      <summary>{texts.detailsForAuthor}</summary>
      <pre tabIndex={0}>{details}</pre>
      {clipboard !== undefined && (
        <button type="button" className="shell-button" onClick={() => void copy().catch(() => undefined)}>
          {texts.copy}
          {isCopied && " ✓"}
        </button>
      )}
    </details>
  );
}
