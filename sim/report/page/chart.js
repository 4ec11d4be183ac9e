// Draws the lanes of a model as SVG for one view (a stretch of places). Holds no state but what it
// is given: the page redraws all of it whenever the view, the filter or the width changes.
'use strict';

const GUTTER = 232;
const AXIS_HEIGHT = 42;
const HEIGHTS = { fault: 19, notes: 19, process: 24, part: 19, thin: 7 };

function esc(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function cut(text, width, perLetter) {
  const room = Math.floor(width / perLetter);
  if (text.length <= room) return text;
  return room < 3 ? '' : `${text.slice(0, room - 1)}…`;
}

const PATTERNS = `<defs>
<pattern id="hatch-down" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="6" height="6" fill="none"/><line x1="0" y1="0" x2="0" y2="6" stroke="var(--bad)" stroke-width="1.6" opacity=".55"/></pattern>
<pattern id="hatch-pause" width="6" height="6" patternUnits="userSpaceOnUse">
<line x1="1" y1="0" x2="1" y2="6" stroke="var(--warn)" stroke-width="2"/></pattern>
<pattern id="hatch-bad" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<line x1="0" y1="0" x2="0" y2="5" stroke="#0000" /><line x1="0" y1="0" x2="0" y2="5" stroke="#000" stroke-width="1.4" opacity=".35"/></pattern>
</defs>`;

function makeChart(model, scale) {
  function heightOf(lane, thin) {
    return lane.type === 'part' && thin ? HEIGHTS.thin : HEIGHTS[lane.type];
  }

  // Which lanes are shown, and where.
  function layout(state) {
    const words = state.filter.toLowerCase().split(/[\s,]+/).filter(Boolean);
    const hit = (lane) => words.every((word) => `${lane.label} ${lane.full || ''}`.toLowerCase().includes(word));
    const groups = new Set(model.lanes.filter((lane) => lane.type === 'part' && hit(lane)).map((lane) => lane.group));
    const rows = [];
    let y = 4;
    model.lanes.forEach((lane, index) => {
      const shown = !words.length || hit(lane) || lane.type === 'fault'
        || (lane.type === 'process' && groups.has(lane.group))
        || (lane.type === 'part' && model.lanes.some((l) => l.type === 'process' && l.group === lane.group && hit(l)));
      if (!shown || (lane.type === 'part' && state.closed.has(lane.group))) return;
      const last = rows[rows.length - 1];
      if (lane.type === 'process' && last) y += 7;
      if (last && (last.lane.type === 'fault') !== (lane.type === 'fault')) y += 5;
      const height = heightOf(lane, state.thin);
      rows.push({ lane, index, y, height });
      y += height;
    });
    return { rows, height: y + 8 };
  }

  function draw(state, width) {
    const plot = Math.max(200, width - GUTTER - 14);
    const view = state.view;
    const px = (ns) => GUTTER + ((scale.place(ns) - view.from) / (view.to - view.from)) * plot;
    const clamp = (x) => Math.min(Math.max(x, GUTTER - 2), GUTTER + plot + 2);
    const visible = (item) => px(item.to) >= GUTTER - 6 && px(item.from) <= GUTTER + plot + 6;
    const { rows, height } = layout(state);
    const ticks = ticksOf(scale, view, plot, 92);
    const out = [];
    const spots = [];
    const data = (row, i, extra) => `data-row="${row.index}" data-item="${i}" class="${extra}${
      state.selected && state.selected.lane === row.index && state.selected.item === i
        && state.selected.list === (extra.startsWith('seg ver') ? 'serving' : 'items') ? ' selected' : ''}"`;

    function bar(row, item, i, y, h, cls) {
      const a = clamp(px(item.from));
      const b = clamp(px(item.to));
      const w = Math.max(b - a, 1.6);
      out.push(`<rect x="${a.toFixed(2)}" y="${y}" width="${w.toFixed(2)}" height="${h}" rx="${w > 5 ? 2 : 0}" ${data(row, i, `seg ${cls}`)}/>`);
      return { a, w };
    }

    function faultShape(row, item, i) {
      const middle = row.y + row.height / 2;
      const cls = `mark ${item.idle ? 'idle' : 'fault'}`;
      const x = px(item.from);
      if (item.to > item.from) {
        const a = clamp(x);
        const b = clamp(px(item.to));
        out.push(`<rect x="${a.toFixed(2)}" y="${middle - 4}" width="${Math.max(b - a, 3).toFixed(2)}" height="8" rx="4" ${data(row, i, cls)} fill-opacity=".82"/>`);
      } else if (item.shape === 'crash') {
        out.push(`<path d="M${x - 6} ${middle + 5}L${x} ${middle - 6}L${x + 6} ${middle + 5}Z" ${data(row, i, cls)}/>`);
      } else {
        out.push(`<path d="M${x} ${middle - 6}L${x + 6} ${middle}L${x} ${middle + 6}L${x - 6} ${middle}Z" ${data(row, i, cls)}/>`);
      }
    }

    function processRow(row) {
      const middle = row.y + row.height / 2;
      row.lane.items.forEach((item, i) => {
        if (!visible(item)) return;
        const a = clamp(px(item.from));
        const b = clamp(px(item.to));
        if (item.kind === 'life') {
          out.push(`<rect x="${a}" y="${middle - 2}" width="${Math.max(b - a, 1)}" height="4" rx="2" ${data(row, i, 'life seg')}/>`);
          if (item.from > 0) out.push(`<circle cx="${px(item.from)}" cy="${middle}" r="4" class="start"/>`);
          const x = px(item.to);
          if (item.end === 'crashed' || item.end === 'failed') {
            out.push(`<path d="M${x - 4.5} ${middle - 4.5}l9 9m0 -9l-9 9" class="crash"/>`);
          } else if (item.end === 'stopped') {
            out.push(`<rect x="${x - 4}" y="${middle - 4}" width="8" height="8" class="stop"/>`);
          }
        } else if (item.kind === 'down') {
          out.push(`<rect x="${a}" y="${middle - 6}" width="${Math.max(b - a, 1)}" height="12" ${data(row, i, 'down')}/>`);
        } else if (item.kind === 'pause') {
          out.push(`<rect x="${a}" y="${middle - 6}" width="${Math.max(b - a, 2)}" height="12" rx="2" ${data(row, i, 'pause')}/>`);
        } else {
          const x = px(item.from);
          out.push(`<circle cx="${x}" cy="${middle}" r="${item.shape === 'alarm' ? 4.5 : 3}" ${data(row, i, `mark note ${item.shape}`)}/>`);
        }
      });
    }

    function partRow(row) {
      const thin = row.height < 12;
      const top = row.y + (thin ? 0.5 : 2);
      const h = thin ? row.height - 2.5 : row.height - 7;
      let lastX = -1;
      let lastPhase = '';
      row.lane.items.forEach((item, i) => {
        if (!visible(item)) return;
        const b = px(item.to);
        // What is narrower than a pixel and looks like its neighbour is not worth an element.
        if (b - lastX < 0.4 && item.phase === lastPhase) return;
        lastX = b;
        lastPhase = item.phase;
        const absent = item.phase === 'Absent';
        const { a, w } = bar(row, item, i, absent ? top + h / 2 - 1 : top, absent ? 2 : h, `p-${item.phase}`);
        if (item.phase === 'Backoff' || item.phase === 'Blocked' || item.phase === 'Lost') {
          out.push(`<rect x="${a.toFixed(2)}" y="${top}" width="${w.toFixed(2)}" height="${h}" fill="url(#hatch-bad)" pointer-events="none"/>`);
        }
        const label = absent || thin ? '' : cut(item.label, w - 8, 5.9);
        if (label) out.push(`<text x="${(a + 4).toFixed(1)}" y="${top + h - 2.8}" class="bar">${esc(label)}</text>`);
      });
      row.lane.serving.forEach((item, i) => {
        if (!visible(item)) return;
        bar(row, item, i, top + h + 0.5, thin ? 1.5 : 3, model.versionClass(item.version));
      });
      if (row.lane.broke) {
        const x = px(model.moment.at_ns);
        if (x >= GUTTER - 2 && x <= GUTTER + plot + 2) spots.push(`<circle cx="${x}" cy="${top + h / 2}" r="5" class="spot"/>`);
      }
    }

    function labelOf(row) {
      const { lane } = row;
      const base = row.y + row.height / 2 + 4;
      if (lane.type === 'process') {
        const sign = lane.parts ? (state.closed.has(lane.group) ? '▸ ' : '▾ ') : '   ';
        const node = lane.node ? ` · n${lane.node}` : '';
        const count = lane.parts ? ` · ${lane.parts} partition${lane.parts === 1 ? '' : 's'}` : '';
        out.push(`<g class="toggle" data-toggle="${lane.group}"><rect x="0" y="${row.y}" width="${GUTTER - 8}" height="${row.height}" fill="transparent"/>`
          + `<text x="2" y="${base}" class="head">${sign}${esc(cut(lane.label, 110, 7))}<tspan class="dim" font-weight="400" font-size="11" fill="var(--dim)">${esc(node + count)}</tspan></text></g>`);
      } else if (lane.type === 'part') {
        const cls = lane.broke ? 'broke' : 'dim';
        if (row.height >= 12) out.push(`<text x="18" y="${base - 0.5}" class="${cls}">${esc(cut(lane.label, GUTTER - 30, 6))}</text>`);
      } else {
        const cls = lane.type === 'fault' ? (lane.idle || lane.never ? 'idle' : 'fault') : 'dim';
        out.push(`<text x="2" y="${base}" class="${cls}"><title>${esc(lane.label)}</title>${esc(cut(lane.label, GUTTER - 12, 5.8))}</text>`);
        if (lane.never) out.push(`<text x="${GUTTER + 6}" y="${base}" class="idle">planned, never came</text>`);
      }
    }

    for (const tick of ticks) {
      const x = GUTTER + tick.x;
      out.push(`<line x1="${x}" y1="0" x2="${x}" y2="${height}" class="grid"/>`);
    }
    for (const row of rows) {
      if (row.lane.type === 'process') out.push(`<line x1="0" y1="${row.y - 3.5}" x2="${width}" y2="${row.y - 3.5}" class="rule"/>`);
      if (row.lane.type === 'fault') {
        row.lane.items.forEach((item) => {
          if (item.idle || item.to <= item.from || !visible(item)) return;
          const a = clamp(px(item.from));
          out.push(`<rect x="${a}" y="${row.y + 12}" width="${Math.max(clamp(px(item.to)) - a, 1)}" height="${height - row.y - 12}" class="band"/>`);
        });
      }
    }
    for (const row of rows) {
      labelOf(row);
      if (row.lane.type === 'process') processRow(row);
      else if (row.lane.type === 'part') partRow(row);
      else {
        row.lane.items.forEach((item, i) => {
          if (!visible(item)) return;
          if (item.kind === 'fault') faultShape(row, item, i);
          else {
            const middle = row.y + row.height / 2;
            out.push(`<circle cx="${px(item.from)}" cy="${middle}" r="5" ${data(row, i, `mark note ${item.shape}`)}/>`);
          }
        });
      }
    }
    const rule = (ns, cls) => {
      const x = px(ns);
      if (x >= GUTTER - 1 && x <= GUTTER + plot + 1) out.push(`<line x1="${x}" y1="0" x2="${x}" y2="${height}" class="${cls}"/>`);
    };
    if (model.heal !== null) rule(model.heal, 'heal-line');
    if (model.moment) rule(model.moment.at_ns, 'moment-line');
    if (state.cursor !== null) rule(state.cursor, 'cursor');
    out.push(...spots);

    return {
      axis: axis(state, width, plot, ticks, px),
      lanes: `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="presentation">${PATTERNS}${out.join('')}</svg>`,
      plot,
      rows,
    };
  }

  function axis(state, width, plot, ticks, px) {
    const out = [];
    const base = AXIS_HEIGHT - 8;
    for (const tick of ticks) {
      const x = GUTTER + tick.x;
      out.push(`<line x1="${x}" y1="${base + 3}" x2="${x}" y2="${AXIS_HEIGHT}" class="rule"/>`);
      out.push(`<text x="${x}" y="${base}" text-anchor="${tick.x < 24 ? 'start' : 'middle'}" class="tick">${timeText(tick.ns, tick.step)}</text>`);
    }
    for (const [from, to] of scale.squeezed()) {
      const a = ((from - state.view.from) / (state.view.to - state.view.from)) * plot;
      const b = ((to - state.view.from) / (state.view.to - state.view.from)) * plot;
      const x = GUTTER + (a + b) / 2;
      if (x < GUTTER || x > GUTTER + plot || b - a < 6) continue;
      out.push(`<path d="M${x - 4} ${AXIS_HEIGHT}l3 -6m2 6l3 -6" class="squeeze"><title>squeezed: idle</title></path>`);
    }
    const flag = (ns, text, cls) => {
      const x = px(ns);
      if (x < GUTTER - 1 || x > GUTTER + plot + 1) return;
      const right = x > GUTTER + plot - 90;
      out.push(`<line x1="${x}" y1="4" x2="${x}" y2="${AXIS_HEIGHT}" class="${cls}-line"/>`);
      out.push(`<text x="${right ? x - 5 : x + 5}" y="13" text-anchor="${right ? 'end' : 'start'}" class="${cls}">${esc(text)}</text>`);
    };
    if (model.heal !== null) flag(model.heal, 'faults end', 'heal');
    if (model.moment) flag(model.moment.at_ns, model.moment.property, 'moment');
    out.push(`<text x="2" y="${base}" class="tick">virtual time</text>`);
    return `<svg width="${width}" height="${AXIS_HEIGHT}" viewBox="0 0 ${width} ${AXIS_HEIGHT}" role="presentation">${out.join('')}</svg>`;
  }

  // The whole run in one strip, with the view as a window.
  function overview(state, width) {
    const plot = Math.max(200, width - GUTTER - 14);
    const height = 40;
    const buckets = new Array(Math.ceil(plot / 3)).fill(0);
    const out = [];
    for (const lane of model.lanes) {
      for (const item of lane.items) {
        const b = Math.min(buckets.length - 1, Math.floor(scale.place(item.from) * buckets.length));
        buckets[b] += 1;
      }
    }
    const most = Math.max(1, ...buckets);
    buckets.forEach((count, i) => {
      if (!count) return;
      const h = 4 + 22 * Math.sqrt(count / most);
      out.push(`<rect x="${GUTTER + i * 3}" y="${34 - h}" width="2" height="${h}" fill="var(--alive)" opacity=".8"/>`);
    });
    for (const lane of model.lanes) {
      if (lane.type !== 'fault') continue;
      for (const item of lane.items) {
        const a = GUTTER + scale.place(item.from) * plot;
        const b = GUTTER + scale.place(item.to) * plot;
        out.push(`<rect x="${a}" y="34" width="${Math.max(2, b - a)}" height="4" fill="${item.idle ? 'var(--idle)' : 'var(--fault)'}"/>`);
      }
    }
    if (model.moment) {
      const x = GUTTER + scale.place(model.moment.at_ns) * plot;
      out.push(`<line x1="${x}" y1="0" x2="${x}" y2="${height}" class="moment-line"/>`);
    }
    const a = GUTTER + state.view.from * plot;
    const w = Math.max(4, (state.view.to - state.view.from) * plot);
    out.push(`<rect x="${a}" y="1" width="${w}" height="${height - 2}" rx="3" class="window"/>`);
    out.push(`<text x="2" y="24" class="dim">whole run</text>`);
    return `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="presentation">${out.join('')}</svg>`;
  }

  function legend() {
    const swatch = (cls, hatch) => `<svg viewBox="0 0 16 10"><rect width="16" height="10" rx="2" class="${cls}"/>${
      hatch ? '<rect width="16" height="10" fill="url(#hatch-bad)"/>' : ''}</svg>`;
    const entries = model.phases.map((name) => `<span>${swatch(`p-${name}`, ['Backoff', 'Blocked', 'Lost'].includes(name))}${name}</span>`);
    for (const version of model.versions) {
      entries.push(`<span><svg viewBox="0 0 16 10"><rect y="3" width="16" height="4" class="${model.versionClass(version)}"/></svg>serves v${version}</span>`);
    }
    const items = model.lanes.flatMap((lane) => lane.items);
    const has = (test) => items.some(test);
    if (has((i) => i.end === 'crashed' || i.end === 'failed')) entries.push('<span><svg viewBox="0 0 16 10"><path d="M4 1l8 8m0 -8l-8 8" class="crash"/></svg>crash</span>');
    if (has((i) => i.kind === 'down')) entries.push('<span><svg viewBox="0 0 16 10"><rect x="1" y="1" width="14" height="8" class="down"/></svg>down</span>');
    if (has((i) => i.kind === 'pause')) entries.push('<span><svg viewBox="0 0 16 10"><rect x="1" y="1" width="14" height="8" class="pause"/></svg>paused</span>');
    if (has((i) => i.kind === 'fault' && !i.idle)) entries.push('<span><svg viewBox="0 0 16 10"><rect x="1" y="1" width="14" height="8" class="mark fault" rx="4"/></svg>fault in effect</span>');
    if (has((i) => i.kind === 'fault' && i.idle)) entries.push('<span><svg viewBox="0 0 16 10"><rect x="1" y="1" width="14" height="8" class="mark idle" rx="4"/></svg>fault that touched nothing</span>');
    return entries.join('');
  }

  return { draw, overview, legend };
}
