import type { ReactNode } from "react";
import { useKitTexts } from "../locale/useKitTexts.ts";

/** The props of {@link Spinner}. */
export interface SpinnerProps {
  /** Default: that something is loading. */
  readonly label?: string;
}

/** Shows that something takes a moment. */
export function Spinner({ label }: SpinnerProps): ReactNode {
  const texts = useKitTexts();
  return (
    <span className="peek-spinner" role="status">
      <span className="peek-spinner-circle" aria-hidden="true" />
      {label ?? texts.loading}
    </span>
  );
}
