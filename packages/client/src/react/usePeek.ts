import { PeekError } from "@peek/errors";
import { useContext } from "react";
import type { PeekClient } from "../api.ts";
import { PeekContext } from "./PeekContext.ts";

/**
 * The client of the nearest `PeekProvider`.
 *
 * @throws PeekError `CONTRACT_INVALID` outside of a `PeekProvider`.
 */
export function usePeek(): PeekClient {
  const client = useContext(PeekContext);
  if (client !== undefined) return client;
  throw new PeekError(
    "CONTRACT_INVALID",
    "A component uses a hook of Peek outside of a PeekProvider. Wrap it: <PeekProvider client={connect()}>.",
  );
}
