export interface Bar {
  label: string;
  note: string;
  /** In the chart's unit. */
  value: number;
  isOurs: boolean;
}

export interface Chart {
  title: string;
  /** Lines below the bars: machine, versions, what was measured. */
  caption: readonly string[];
  bars: readonly Bar[];
}

const WIDTH = 760;
const LEFT = 210;
const RIGHT = 70;
const TOP = 52;
const ROW = 34;
const LINE = 18;

/** A chart of horizontal bars that is readable on light and on dark ground. */
export function chartOf({ title, caption, bars }: Chart): string {
  const longest = Math.max(...bars.map(({ value }) => value));
  const bottom = TOP + ROW * bars.length;
  const height = bottom + 14 + LINE * caption.length;
  const rows = bars.map(({ label, note, value, isOurs }, index) => {
    const y = TOP + ROW * index;
    const length = Math.max(2, Math.round(((WIDTH - LEFT - RIGHT) * value) / longest));
    return [
      `  <text class="${isOurs ? 'label ours-label' : 'label'}" x="${LEFT - 10}" y="${y + 13}">${escaped(label)}</text>`,
      `  <text class="note" x="${LEFT - 10}" y="${y + 26}">${escaped(note)}</text>`,
      `  <rect class="${isOurs ? 'bar ours' : 'bar'}" x="${LEFT}" y="${y + 2}" width="${length}" height="22" rx="3"/>`,
      `  <text class="value" x="${LEFT + length + 8}" y="${y + 18}">${Math.round(value)}</text>`,
    ].join('\n');
  });
  const lines = caption.map(
    (text, index) => `  <text class="caption" x="16" y="${bottom + 22 + LINE * index}">${escaped(text)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
  <style>
    text { font-family: system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
    .title { font-size: 15px; font-weight: 600 }
    .label { font-size: 13px; text-anchor: end }
    .ours-label { font-weight: 600 }
    .note { font-size: 10.5px; text-anchor: end; fill: #59636e }
    .value { font-size: 12.5px; font-variant-numeric: tabular-nums }
    .caption { font-size: 11.5px; fill: #59636e }
    .bar { fill: #afb8c1 }
    .ours { fill: #6c5fc7 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .note, .caption { fill: #9198a1 }
      .bar { fill: #57606a }
      .ours { fill: #a396f0 }
    }
  </style>
  <text class="title" x="16" y="30">${escaped(title)}</text>
${rows.join('\n')}
${lines.join('\n')}
</svg>
`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
