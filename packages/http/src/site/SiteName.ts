/** The sites, as `httpServer` of config.json names them. */
export type SiteName = "admin" | "field" | "office";
