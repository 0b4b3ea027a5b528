import { type Context, createContext } from "react";

/** The element in which dialogs, menus and lists of a page are shown; null: the document's body. */
export const OverlayContainerContext: Context<HTMLElement | null> = createContext<HTMLElement | null>(null);
