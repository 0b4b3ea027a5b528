interface CookieStore {
  get(name: string): Promise<{ readonly value: string } | null>;
}

/** The mark of the user of the session, which the site keeps in a cookie; undefined if nobody is logged in. */
export async function userMark(): Promise<string | undefined> {
  const { cookieStore } = globalThis as { readonly cookieStore?: CookieStore };
  const mark = (await cookieStore?.get("peek_user"))?.value;
  return mark !== undefined && /^[0-9a-f]{16}$/.test(mark) ? mark : undefined;
}
