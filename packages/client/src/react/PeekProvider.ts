import { createElement, type ReactElement, type ReactNode } from "react";
import type { PeekClient } from "../api.ts";
import { PeekContext } from "./PeekContext.ts";

export interface PeekProviderProps {
  /** Made by `connect()`, outside of components; whoever made it closes it. */
  readonly client: PeekClient;
  readonly children?: ReactNode;
}

/** Gives a client to the components within. */
export function PeekProvider({ client, children }: PeekProviderProps): ReactElement {
  return createElement(PeekContext.Provider, { value: client }, children);
}
