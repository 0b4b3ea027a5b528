import { createElement, type ReactElement, type ReactNode } from "react";
import type { PeekClient } from "../api.ts";
import { PeekContext } from "./PeekContext.ts";

/** The props of `PeekProvider`. */
export interface PeekProviderProps {
  /** The result of `connect()`, called outside of components. The provider does not close it. */
  readonly client: PeekClient;
  readonly children?: ReactNode;
}

/** Provides its child components with a client. */
export function PeekProvider({ client, children }: PeekProviderProps): ReactElement {
  return createElement(PeekContext.Provider, { value: client }, children);
}
