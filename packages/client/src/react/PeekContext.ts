import { type Context, createContext } from "react";
import type { PeekClient } from "../api.ts";

/** The client of the components within a `PeekProvider`. */
export const PeekContext: Context<PeekClient | undefined> = createContext<PeekClient | undefined>(undefined);
