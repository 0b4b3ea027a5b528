/** The style of the pages that need no script: the login, errors and the list of pages. Colours and sizes are those of the app. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --peek-page: light-dark(#f2f4f6, #12161a); --peek-surface: light-dark(#fff, #1a2027); --peek-raised: light-dark(#fff, #232b34);
  --peek-text: light-dark(#1b2127, #e4e9ee); --peek-text-muted: light-dark(#4d5862, #a5b1bd);
  --peek-line: light-dark(#ccd3da, #36414c); --peek-line-strong: light-dark(#75818d, #7d8a97);
  --peek-accent: light-dark(#1f5f9e, #7db5ee); --peek-on-accent: light-dark(#fff, #0d1013); --peek-focus: light-dark(#0b57c2, #9ccbff);
  --peek-alarm: light-dark(#b3180c, #ff8b7d); --peek-alarm-soft: light-dark(#fde3e0, #43201c);
  --peek-on-alarm-soft: light-dark(#6d0f06, #ffd2cb); --peek-radius: .375rem; --peek-target: 3rem;
}
@media (prefers-contrast: more) {
  :root { --peek-text-muted: var(--peek-text); --peek-line: var(--peek-text); --peek-line-strong: var(--peek-text) }
}
* { box-sizing: border-box }
html {
  font: clamp(100%, 62.5% + .42vw, 200%)/1.4 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  color: var(--peek-text); background: var(--peek-page); -webkit-text-size-adjust: 100%; text-size-adjust: 100%;
}
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1rem }
main {
  inline-size: min(26rem, 100%); padding: 2rem; overflow-wrap: anywhere; background: var(--peek-surface);
  border: 1px solid var(--peek-line); border-radius: var(--peek-radius);
}
h1, p, ul { margin: 0; padding: 0 }
main > * + *, form > * + * { margin-block-start: 1rem }
h1 { font-size: 1.375rem; line-height: 1.25 }
.peek-mark { display: block; inline-size: 3rem; block-size: 3rem; border-radius: .5rem }
.peek-muted { color: var(--peek-text-muted); font-size: .875rem }
[role=alert] {
  padding: .625rem 1rem; color: var(--peek-on-alarm-soft); background: var(--peek-alarm-soft);
  border: 1px solid; border-inline-start-width: .375rem; border-radius: var(--peek-radius);
}
label { display: block; font-weight: 600 }
input, button, .peek-button {
  display: block; inline-size: 100%; min-block-size: var(--peek-target); padding: .25rem .75rem; font: inherit; color: inherit;
  background: var(--peek-raised); border: 1px solid var(--peek-line-strong); border-radius: var(--peek-radius); touch-action: manipulation;
}
input { margin-block-start: .375rem; font-weight: 400 }
button, .peek-button { display: grid; place-items: center; text-align: center; text-decoration: none; cursor: pointer }
button, .peek-button:first-child { font-weight: 600; color: var(--peek-on-accent); background: var(--peek-accent); border-color: var(--peek-accent) }
.peek-links { display: grid; gap: .75rem }
a { color: var(--peek-accent) }
ul { list-style: none }
li a { display: flex; align-items: center; min-block-size: var(--peek-target) }
:focus-visible { outline: 2px solid var(--peek-focus); outline-offset: 2px }
`;
