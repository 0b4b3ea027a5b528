import type { ReactNode } from "react";

/** The props of {@link Icon}. */
export interface IconProps {
  /** The name of an icon of lucide.dev: `table`. */
  readonly name: string;
  /** The meaning of the icon, for screen readers. Default: nothing, since the text beside it says so. */
  readonly label?: string;
}

/** An icon of lucide.dev in the color of the text around it. */
export function Icon({ name, label }: IconProps): ReactNode {
  const image = `url("/peek/web/icons/${encodeURIComponent(name)}.svg")`;
  const accessible = label === undefined ? { "aria-hidden": true } : { role: "img", "aria-label": label };
  return <span className="peek-icon" style={{ maskImage: image }} {...accessible} />;
}
