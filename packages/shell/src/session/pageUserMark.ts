/** The mark of the user of the session, which the site keeps in a cookie for scripts; undefined if nobody is logged in. */
export function pageUserMark(): string | undefined {
  return /(?:^|; )peek_user=([0-9a-f]{16})(?:;|$)/.exec(document.cookie)?.[1];
}
