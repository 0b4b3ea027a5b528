import { type WebCatalogue, webCatalogueSchema } from "@peek/web/protocol";
import { z } from "zod";
import { pageUserMark } from "../session/pageUserMark.ts";

const key = "peek.catalogue";
const maxLength = 2_000_000;
const keptSchema = z.object({ user: z.string().min(1).max(100), catalogue: webCatalogueSchema });

/** The catalogue that the device keeps for a start without a connection: only for the user for whom the site has made it. */
export class KeptCatalogue {
  read(): WebCatalogue | undefined {
    try {
      const text = localStorage.getItem(key);
      if (text === null || text.length > maxLength) return undefined;
      const { user, catalogue } = keptSchema.parse(JSON.parse(text));
      return user === pageUserMark() ? catalogue : undefined;
    } catch {
      return undefined;
    }
  }

  write(catalogue: WebCatalogue): void {
    const user = pageUserMark();
    try {
      if (user === undefined) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify({ user, catalogue }));
    } catch {
      // The app works without, but does not start offline.
    }
  }
}
