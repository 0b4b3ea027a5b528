import { type WebCatalogue, webCatalogueSchema } from "@peek/web/protocol";
import { z } from "zod";

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
      return user === pageUser() ? catalogue : undefined;
    } catch {
      return undefined;
    }
  }

  write(catalogue: WebCatalogue): void {
    const user = pageUser();
    try {
      if (user === undefined) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify({ user, catalogue }));
    } catch {
      // The app works without, but does not start offline.
    }
  }
}

/** The mark of the user of the session, which the site keeps in a cookie for scripts. */
function pageUser(): string | undefined {
  return /(?:^|; )peek_user=([0-9a-f]{16})(?:;|$)/.exec(document.cookie)?.[1];
}
