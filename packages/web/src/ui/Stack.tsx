import type { ReactNode } from "react";

/** The props of {@link Stack}. */
export interface StackProps {
  /** `row`: beside each other, in several lines where there is no room. Default: `column`. */
  readonly direction?: "column" | "row";
  readonly children?: ReactNode;
}

/** Puts components below or beside each other, with the usual space between them. */
export function Stack({ direction = "column", children }: StackProps): ReactNode {
  return (
    <div className="peek-stack" data-direction={direction}>
      {children}
    </div>
  );
}
