import type { ReactNode } from "react";
import { AppLink } from "../layout/AppLink.tsx";
import { paths } from "../navigation/paths.ts";
import { useTexts } from "../texts/useTexts.ts";

/** The props of {@link NotFoundPage}. */
export interface NotFoundPageProps {
  /** Default: that the page does not exist. */
  readonly heading?: string;
  readonly text: string;
}

/** Says that there is no such page, within the app. */
export function NotFoundPage({ heading, text }: NotFoundPageProps): ReactNode {
  const texts = useTexts();
  return (
    <div className="shell-page shell-empty">
      <h1>{heading ?? texts.unknownPage}</h1>
      <p>{text}</p>
      <AppLink to={paths.home}>{texts.toHome}</AppLink>
    </div>
  );
}
