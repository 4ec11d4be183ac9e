// The page: state, pointer, keys, details. Everything is redrawn at most once a frame.
'use strict';

(function main() {
  const errors = [];
  window.addEventListener('error', (event) => {
    errors.push(event.message);
    document.documentElement.dataset.errors = errors.join('; ');
  });
  const $ = (id) => document.getElementById(id);
  const { run, knots, squeeze } = JSON.parse($('data').textContent);
  const model = makeModel(run);
  const scale = makeScale(model.end, knots);
  const chart = makeChart(model, scale);
  const parts = model.lanes.filter((lane) => lane.type === 'part').length;
  const state = {
    view: { from: 0, to: 1 },
    squeeze,
    thin: parts > 40,
    closed: new Set(),
    filter: '',
    selected: null, // {lane, list, item}
    cursor: null,
  };
  scale.squeeze(squeeze);

  const root = $('chart');
  root.innerHTML = '<div class="axis"></div><div class="lanes"></div><div class="overview"></div>';
  const [axis, lanes, overview] = root.children;
  const tip = document.createElement('div');
  tip.id = 'tip';
  tip.hidden = true;
  document.body.append(tip);
  let drawn = null;
  let due = false;

  function draw() {
    due = false;
    const width = root.clientWidth || 1200;
    drawn = chart.draw(state, width);
    axis.innerHTML = drawn.axis;
    lanes.innerHTML = drawn.lanes;
    overview.innerHTML = chart.overview(state, width);
    $('squeeze').setAttribute('aria-pressed', String(state.squeeze));
    $('rows').setAttribute('aria-pressed', String(state.thin));
  }
  // A page that nobody sees gets no frames, and is drawn all the same.
  function redraw() {
    if (due) return;
    due = true;
    const now = () => { if (due) draw(); };
    requestAnimationFrame(now);
    setTimeout(now, 50);
  }

  function setView(from, to) {
    const smallest = 1e-7;
    const width = Math.min(1, Math.max(smallest, to - from));
    const start = Math.min(Math.max(0, from), 1 - width);
    state.view = { from: start, to: start + width };
    redraw();
  }
  function zoom(factor, at) {
    const { from, to } = state.view;
    const centre = at === undefined ? (from + to) / 2 : at;
    setView(centre - (centre - from) * factor, centre + (to - centre) * factor);
  }
  function pan(share) {
    const width = state.view.to - state.view.from;
    setView(state.view.from + share * width, state.view.to + share * width);
  }
  const placeAt = (clientX) => {
    const x = clientX - root.getBoundingClientRect().left - GUTTER;
    return state.view.from + (x / drawn.plot) * (state.view.to - state.view.from);
  };
  function show(ns) {
    state.cursor = ns;
    const place = scale.place(ns);
    const { from, to } = state.view;
    if (place < from || place > to) setView(place - (to - from) / 2, place + (to - from) / 2);
    redraw();
  }

  function factsOf(item) {
    const time = item.to > item.from
      ? [['from', exactTime(item.from)], ['to', exactTime(item.to)], ['for', spanText(item.to - item.from)]]
      : [['at', exactTime(item.from)]];
    return time.concat(item.facts).filter(([, value]) => value !== '' && value !== undefined);
  }
  function describe(item) {
    $('details').innerHTML = `<b>${esc(item.title)}</b>${factsOf(item).map(
      ([name, value]) => `<span class="fact"><i>${esc(name)}</i>${esc(value)}</span>`).join('')}`;
  }
  function hint() {
    $('details').innerHTML = '<span class="dim">Point at a lane, or use the arrow keys on the chart; '
      + 'drag or scroll sideways to move, Ctrl and the wheel to zoom, <kbd>?</kbd> for all keys.</span>';
  }
  function itemOf(element) {
    if (!element || element.dataset === undefined || element.dataset.row === undefined) return null;
    const lane = model.lanes[Number(element.dataset.row)];
    const list = /\bver\d/.test(element.getAttribute('class')) ? 'serving' : 'items';
    const item = lane[list][Number(element.dataset.item)];
    return item ? { lane: Number(element.dataset.row), list, item: Number(element.dataset.item), value: item } : null;
  }
  function select(found) {
    state.selected = found;
    if (found) {
      describe(found.value);
      show(found.value.from);
    }
    redraw();
  }

  // Keys: a selection moves over lanes and items; without one it begins with the first lane shown.
  function moveLane(step) {
    const rows = drawn.rows.filter((row) => row.lane.items.length);
    if (!rows.length) return;
    const now = state.selected ? rows.findIndex((row) => row.index === state.selected.lane) : -1;
    const row = rows[Math.min(rows.length - 1, Math.max(0, now + step))];
    const at = state.cursor === null ? 0 : state.cursor;
    let item = row.lane.items.findIndex((i) => i.from <= at && at < i.to);
    if (item < 0) item = Math.max(0, row.lane.items.findIndex((i) => i.from >= at));
    select({ lane: row.index, list: 'items', item, value: row.lane.items[item] });
  }
  function moveItem(step) {
    if (!state.selected) { moveLane(1); return; }
    const { lane, list, item } = state.selected;
    const items = model.lanes[lane][list];
    const next = Math.min(items.length - 1, Math.max(0, item + step));
    select({ lane, list, item: next, value: items[next] });
  }
  function moveMark(step) {
    const at = state.cursor === null ? -1 : state.cursor;
    const mark = step > 0
      ? model.marks.find((m) => m.at > at)
      : [...model.marks].reverse().find((m) => m.at < at);
    if (!mark) return;
    state.selected = null;
    show(mark.at);
    $('details').innerHTML = `<b>${esc(mark.title)}</b><span class="fact"><i>at</i>${exactTime(mark.at)}</span>`;
  }
  function toggle(group) {
    if (state.closed.has(group)) state.closed.delete(group); else state.closed.add(group);
    redraw();
  }
  function setSqueeze(on) {
    const times = [scale.time(state.view.from), scale.time(state.view.to)];
    state.squeeze = on;
    scale.squeeze(on);
    setView(scale.place(times[0]), scale.place(times[1]));
  }

  const keys = {
    ArrowLeft: (e) => (e.shiftKey ? moveItem(-1) : pan(-0.15)),
    ArrowRight: (e) => (e.shiftKey ? moveItem(1) : pan(0.15)),
    ArrowUp: () => moveLane(-1),
    ArrowDown: () => moveLane(1),
    '+': () => zoom(1 / 1.6, state.cursor === null ? undefined : scale.place(state.cursor)),
    '=': () => zoom(1 / 1.6, state.cursor === null ? undefined : scale.place(state.cursor)),
    '-': () => zoom(1.6),
    0: () => setView(0, 1),
    s: () => setSqueeze(!state.squeeze),
    r: () => { state.thin = !state.thin; redraw(); },
    '[': () => moveMark(-1),
    ']': () => moveMark(1),
    v: () => { if (model.moment) { show(model.moment.at_ns); zoom(0.25, scale.place(model.moment.at_ns)); } },
    Enter: () => {
      const lane = state.selected && model.lanes[state.selected.lane];
      if (lane && lane.group !== undefined) toggle(lane.group);
    },
    Escape: () => { state.selected = null; state.cursor = null; hint(); redraw(); },
    '?': () => $('keys').showModal(),
  };
  root.addEventListener('keydown', (event) => {
    const action = keys[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action(event);
  });

  // Pointer.
  let drag = null;
  lanes.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    drag = { x: event.clientX, view: { ...state.view }, moved: false };
  });
  window.addEventListener('pointermove', (event) => {
    if (!drag) return;
    const dx = event.clientX - drag.x;
    if (Math.abs(dx) > 3) { drag.moved = true; lanes.classList.add('drag'); tip.hidden = true; }
    if (!drag.moved) return;
    const share = (dx / drawn.plot) * (drag.view.to - drag.view.from);
    setView(drag.view.from - share, drag.view.to - share);
  });
  window.addEventListener('pointerup', () => {
    lanes.classList.remove('drag');
    if (drag && drag.moved) setTimeout(() => { drag = null; }, 0); else drag = null;
  });
  lanes.addEventListener('click', (event) => {
    if (drag && drag.moved) return;
    const group = event.target.closest('[data-toggle]');
    if (group) { toggle(Number(group.dataset.toggle)); return; }
    const found = itemOf(event.target);
    if (found) select(found);
  });
  lanes.addEventListener('dblclick', (event) => zoom(1 / 2.5, placeAt(event.clientX)));
  root.addEventListener('wheel', (event) => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      zoom(Math.exp(event.deltaY * 0.004), placeAt(event.clientX));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      pan(event.deltaX / drawn.plot);
    }
  }, { passive: false });
  lanes.addEventListener('pointermove', (event) => {
    const found = drag && drag.moved ? null : itemOf(event.target);
    tip.hidden = !found;
    if (!found) return;
    tip.innerHTML = `<div><b>${esc(found.value.title)}</b></div>${factsOf(found.value).map(
      ([name, value]) => `<div><i>${esc(name)}</i>${esc(value)}</div>`).join('')}`;
    tip.style.left = `${Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 12)}px`;
    tip.style.top = `${Math.min(event.clientY + 16, window.innerHeight - tip.offsetHeight - 12)}px`;
  });
  lanes.addEventListener('pointerleave', () => { tip.hidden = true; });
  overview.addEventListener('pointerdown', (event) => {
    const move = (e) => {
      const x = (e.clientX - root.getBoundingClientRect().left - GUTTER) / drawn.plot;
      const width = state.view.to - state.view.from;
      setView(x - width / 2, x + width / 2);
    };
    move(event);
    const up = () => {
      window.removeEventListener('pointermove', move);
      window.removeEventListener('pointerup', up);
    };
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', up);
  });

  // Buttons, filter, tables, theme.
  $('in').onclick = () => zoom(1 / 1.6);
  $('out').onclick = () => zoom(1.6);
  $('whole').onclick = () => setView(0, 1);
  $('squeeze').onclick = () => setSqueeze(!state.squeeze);
  $('rows').onclick = () => { state.thin = !state.thin; redraw(); };
  $('previous').onclick = () => moveMark(-1);
  $('next').onclick = () => moveMark(1);
  $('filter').oninput = (event) => { state.filter = event.target.value; redraw(); };
  const dialog = document.createElement('dialog');
  dialog.id = 'keys';
  dialog.innerHTML = `<h2>Keys on the chart</h2><dl class="facts">${[
    ['← →', 'move in time'], ['+ −', 'zoom, at the cursor if there is one'], ['0', 'whole run'],
    ['↑ ↓', 'lane before, lane after'], ['Shift ← →', 'item before, item after in the lane'],
    ['[ ]', 'mark before, mark after: faults, operations, violation'], ['v', 'to the violation'],
    ['Enter', 'fold the partitions of a process'], ['s', 'squeeze idle time'], ['r', 'thin rows'],
    ['Esc', 'forget the selection'],
  ].map(([key, text]) => `<dt><kbd>${key}</kbd></dt><dd>${text}</dd>`).join('')}</dl><form method="dialog"><button>Close</button></form>`;
  document.body.append(dialog);
  $('help').onclick = () => dialog.showModal();
  for (const row of document.querySelectorAll('tr[data-at]')) {
    row.onclick = () => {
      show(Number(row.dataset.at));
      $('chart-card').scrollIntoView({ behavior: 'smooth', block: 'nearest' });
    };
  }
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.onclick = async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = 'Copied';
    };
  }
  const wantsDark = window.matchMedia('(prefers-color-scheme: dark)');
  function setTheme(dark) {
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    $('theme').textContent = dark ? 'Light' : 'Dark';
  }
  $('theme').onclick = () => setTheme(document.documentElement.dataset.theme !== 'dark');
  wantsDark.addEventListener('change', (event) => setTheme(event.matches));
  setTheme(wantsDark.matches || new URLSearchParams(window.location.search).get('theme') === 'dark');

  // Paper: the whole run, nothing selected.
  window.addEventListener('beforeprint', () => {
    state.view = { from: 0, to: 1 };
    state.cursor = null;
    for (const details of document.querySelectorAll('details:not(#everything)')) details.open = true;
    draw();
  });

  $('legend').innerHTML = chart.legend();
  hint();
  draw();
  new ResizeObserver(redraw).observe(root);
  Object.assign(document.documentElement.dataset, {
    ready: '1',
    lanes: drawn.rows.length,
    marks: document.querySelectorAll('.mark').length,
    items: document.querySelectorAll('[data-item]').length,
    errors: errors.join('; '),
  });
}());
