import type { ReactNode } from "react";
import type { Tone } from "./Tone.ts";

/** The props of {@link Badge}. */
export interface BadgeProps {
  /** Default: `neutral`. */
  readonly tone?: Tone;
  readonly children?: ReactNode;
}

/** A short state or value. The text has to say it, since not everybody sees colors. */
export function Badge({ tone = "neutral", children }: BadgeProps): ReactNode {
  return (
    <span className="peek-badge" data-tone={tone}>
      {children}
    </span>
  );
}
