/** The style sheet of the status page: for phones first, in the reader's colours. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #14161a);
  --card: light-dark(#ffffff, #1d2026);
  --line: light-dark(#dfe3e8, #343a44);
  --text: light-dark(#1b1f24, #e6e9ee);
  --quiet: light-dark(#5b6570, #98a2ae);
  --good: light-dark(#1a7f4b, #4cc38a);
  --refused: light-dark(#a86400, #e5a13c);
  --failed: light-dark(#c22e2e, #ff7b72);
  --load: light-dark(#3867b5, #79aaf5);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 76rem; padding: 1rem;
  background: var(--ground); color: var(--text);
  font: 0.9375rem/1.45 system-ui, sans-serif;
}
header { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.75rem; margin-bottom: 1rem; }
h1 { font-size: 1.2rem; margin: 0; }
h2 { font-size: 0.95rem; margin: 0 0 0.5rem; }
header p { margin: 0; color: var(--quiet); }
#updated { margin-left: auto; }
.state { border-radius: 1rem; padding: 0.1rem 0.7rem; font-weight: 600; color: var(--ground); background: var(--failed); }
.state.good { background: var(--good); }
#silence { background: var(--failed); color: var(--ground); padding: 0.5rem 0.75rem; border-radius: 0.4rem; }
main { display: grid; gap: 0.75rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); }
section { min-width: 0; background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.75rem; }
section.wide { grid-column: 1 / -1; }
.scroll { overflow-x: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 0.75rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--quiet); font-weight: 500; }
th, td { padding: 0.25rem 0.6rem 0.25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
.number { text-align: right; }
.empty { color: var(--quiet); margin: 0; }
code { font: 0.85em ui-monospace, monospace; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: 5rem; margin-top: 0.5rem; }
.load { fill: var(--load); } .refused { fill: var(--refused); } .failed { fill: var(--failed); }
.median, .tail { fill: none; stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke: var(--load); }
.tail { stroke: var(--refused); }
.key { color: var(--quiet); font-size: 0.8rem; margin: 0.35rem 0 0; }
.key b { font-weight: 400; }
.key b::before { content: "■ "; }
.key .of-load::before { color: var(--load); } .key .of-refused::before { color: var(--refused); }
.key .of-failed::before { color: var(--failed); }
td small { display: block; color: var(--quiet); overflow-wrap: anywhere; }
td.is-failed { color: var(--failed); } td.is-refused { color: var(--refused); }
@media (max-width: 40rem) {
  #updated { margin-left: 0; }
  .stacked thead { display: none; }
  .stacked tr { display: block; padding: 0.4rem 0; border-bottom: 1px solid var(--line); }
  .stacked td { display: inline; border: 0; padding: 0 0.5rem 0 0; }
}
`;
