import type { ReactNode } from "react";
import { useTexts } from "../texts/useTexts.ts";

/** Shows that a page is being loaded. */
export function LoadingView({ title }: { readonly title?: string }): ReactNode {
  const texts = useTexts();
  return (
    <div className="shell-loading" role="status">
      <span className="peek-spinner-circle" aria-hidden="true" />
      <span>{title === undefined ? texts.loading : texts.loadingOf(title)}</span>
    </div>
  );
}
