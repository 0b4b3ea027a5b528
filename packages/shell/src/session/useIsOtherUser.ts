import type { ConnectionState } from "@peek/client";
import { useRef } from "react";
import { useApp } from "../AppServices.ts";
import { useStore } from "../store/useStore.ts";
import { Value } from "../store/Value.ts";

const noClient = new Value<ConnectionState | undefined>(undefined);

/** Whether another user is logged in than the one for whom the app was opened: perhaps in another tab. */
export function useIsOtherUser(): boolean {
  const { catalogue, client } = useApp();
  const named = useStore(catalogue.state).catalogue?.user.id;
  const connected = useStore<ConnectionState | undefined>(client()?.connection ?? noClient)?.user?.id;
  const first = useRef<string>(undefined);
  first.current ??= named;
  return [named, connected].some((id) => id !== undefined && first.current !== undefined && id !== first.current);
}
