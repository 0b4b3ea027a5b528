import { type ConnectionState } from "@peek/client";
import { useFormat } from "@peek/web";
import { useApp } from "../AppServices.ts";
import { useStore } from "../store/useStore.ts";
import { Value } from "../store/Value.ts";
import { useTexts } from "../texts/useTexts.ts";
import { clientSummary, type ConnectionSummary, siteSummary } from "./connectionSummary.ts";

const noClient = new Value<ConnectionState | undefined>(undefined);

/** The state of the client's connection; on a site without live data, whether the site answers. */
export function useConnectionSummary(): ConnectionSummary {
  const { client, catalogue, events } = useApp();
  const state = useStore<ConnectionState | undefined>(client()?.connection ?? noClient);
  const catalogueState = useStore(catalogue.state);
  const eventsState = useStore(events.state);
  const texts = useTexts();
  const format = useFormat();
  if (state === undefined) return siteSummary(eventsState, catalogueState, texts, format);
  return clientSummary(state, texts, format);
}
