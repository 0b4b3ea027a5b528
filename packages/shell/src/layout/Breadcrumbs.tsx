import type { ReactNode } from "react";
import { useTexts } from "../texts/useTexts.ts";
import { AppLink } from "./AppLink.tsx";

/** A place on the way to the page: the last one is the page itself. */
export interface Crumb {
  readonly title: string;
  readonly to: string;
}

/** The way from the home screen to the page. */
export function Breadcrumbs({ crumbs }: { readonly crumbs: readonly Crumb[] }): ReactNode {
  const texts = useTexts();
  return (
    <nav aria-label={texts.breadcrumbs} className="shell-breadcrumbs">
      <ol>
        {crumbs.map(({ title, to }, index) => (
          <li key={to}>
            <AppLink to={to} isCurrent={index === crumbs.length - 1}>
              <bdi>{title}</bdi>
            </AppLink>
          </li>
        ))}
      </ol>
    </nav>
  );
}
