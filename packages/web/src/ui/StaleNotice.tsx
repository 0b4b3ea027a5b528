import type { ObservableState } from "@peek/client";
import type { ReactNode } from "react";
import { useFormat } from "../locale/useFormat.ts";
import { useKitTexts } from "../locale/useKitTexts.ts";
import { Notice } from "./Notice.tsx";

/** The props of {@link StaleNotice}. */
export interface StaleNoticeProps {
  /** The result of `useObservable`. */
  readonly state: ObservableState<unknown>;
}

/** Warns that data may be old, since when, and why; or says why there is none. Live data needs no notice: nothing is shown then. */
export function StaleNotice({ state }: StaleNoticeProps): ReactNode {
  const texts = useKitTexts();
  const format = useFormat();
  const { status, asOf, reason, error } = state;
  if (status === "live") return null;
  if (status === "refused") return <Notice tone="alarm">{error?.message}</Notice>;
  if (status === "loading") return <Notice tone="neutral">{texts.loadingData}</Notice>;
  if (status === "device" || asOf === undefined) return <Notice tone="warning">{texts.fromDevice}</Notice>;
  return (
    <Notice tone="warning">
      {texts.asOf} <time dateTime={asOf.toISOString()}>{format.time(asOf)}</time>
      {reason !== undefined && `: ${reason}`}
    </Notice>
  );
}
