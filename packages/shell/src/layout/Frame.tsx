import type { WebCatalogue } from "@peek/web/protocol";
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { ConnectionDrawer } from "../drawer/ConnectionDrawer.tsx";
import { NotificationList } from "../notifications/NotificationList.tsx";
import { UpdateNotice } from "../offline/UpdateNotice.tsx";
import { useTexts } from "../texts/useTexts.ts";
import { Breadcrumbs, type Crumb } from "./Breadcrumbs.tsx";
import { Dialog } from "./Dialog.tsx";
import { LeaveDialog } from "./LeaveDialog.tsx";
import { SideMenu } from "./SideMenu.tsx";
import { TitleBar } from "./TitleBar.tsx";
import { useSearchShortcut } from "./useSearchShortcut.ts";

const CommandPalette = lazy(() => import("../palette/CommandPalette.tsx"));

/** The props of {@link Frame}. */
export interface FrameProps {
  readonly catalogue: WebCatalogue;
  readonly crumbs: readonly Crumb[];
  readonly children?: ReactNode;
}

type Open = "menu" | "palette" | "connection";

/** The frame of each page: title bar, menu, breadcrumbs, and the dialogs of the shell. */
export function Frame({ catalogue, crumbs, children }: FrameProps): ReactNode {
  const texts = useTexts();
  const [open, setOpen] = useState<Open>();
  const close = useCallback(() => setOpen(undefined), []);
  useSearchShortcut(useCallback(() => setOpen("palette"), []));
  const main = useFocusOnNavigation(crumbs.at(-1)?.to);
  return (
    <div className="shell">
      <a className="shell-skip" href="#content">
        {texts.skipToContent}
      </a>
      <TitleBar
        catalogue={catalogue}
        onMenu={() => setOpen("menu")}
        onSearch={() => setOpen("palette")}
        onConnection={() => setOpen("connection")}
      />
      <div className="shell-side">
        <SideMenu catalogue={catalogue} />
      </div>
      <div className="shell-main">
        {crumbs.length > 1 && <Breadcrumbs crumbs={crumbs} />}
        <main id="content" ref={main} tabIndex={-1}>
          {children}
        </main>
      </div>
      <UpdateNotice />
      <NotificationList />
      {open === "menu" && (
        <Dialog title={texts.menu} place="start" onClose={close}>
          <SideMenu catalogue={catalogue} onFollow={close} />
          <button type="button" className="shell-button" onClick={close}>
            {texts.closeMenu}
          </button>
        </Dialog>
      )}
      {open === "connection" && <ConnectionDrawer onClose={close} />}
      {open === "palette" && (
        <Suspense>
          <CommandPalette catalogue={catalogue} onClose={close} />
        </Suspense>
      )}
      <LeaveDialog />
    </div>
  );
}

/** Sets the focus on the content when another page is shown, so that screen readers and the keyboard go on there. */
function useFocusOnNavigation(path: string | undefined): React.RefObject<HTMLElement | null> {
  const element = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current !== path) element.current?.focus({ preventScroll: true });
    shown.current = path;
  }, [path]);
  return element;
}
