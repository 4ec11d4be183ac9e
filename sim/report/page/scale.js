// Time to place: a run's whole length is 0..1, either in proportion to time or with idle stretches
// squeezed along the knots that the program computed. The chart zooms in places, not in times.
'use strict';

const SECOND = 1e9;

function makeScale(endNs, knots) {
  const linear = [[0, 0], [Math.max(endNs, 1), 1]];
  let points = linear;
  const between = (value, from, to) => {
    let low = 0;
    let high = points.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (points[middle][from] <= value) low = middle; else high = middle;
    }
    const [a, b] = [points[low], points[high]];
    const width = b[from] - a[from];
    return a[to] + (width > 0 ? (value - a[from]) / width : 0) * (b[to] - a[to]);
  };
  return {
    squeeze(on) { points = on && knots.length > 1 ? knots : linear; },
    place(ns) { return between(ns, 0, 1); },
    time(place) { return Math.min(Math.max(between(place, 1, 0), 0), endNs); },
    // Stretches that are shown much shorter than the rest: [from, to] in places.
    squeezed() {
      if (points === linear) return [];
      const out = [];
      for (let i = 1; i < points.length; ++i) {
        const share = (points[i][0] - points[i - 1][0]) / endNs;
        const shown = points[i][1] - points[i - 1][1];
        if (share > 0.01 && share > 2.5 * shown) out.push([points[i - 1][1], points[i][1]]);
      }
      return out;
    },
  };
}

// "1:02:03.5", "41.203 s": as exact as `step` needs.
function timeText(ns, step) {
  const digits = step >= SECOND ? 0 : Math.min(9, Math.ceil(-Math.log10(step / SECOND) - 1e-9));
  const seconds = ns / SECOND;
  if (seconds < 60) return `${seconds.toFixed(digits)} s`;
  const whole = Math.floor(seconds / 60);
  const rest = (seconds - whole * 60).toFixed(digits).padStart(digits ? digits + 3 : 2, '0');
  const hours = Math.floor(whole / 60);
  return hours ? `${hours}:${String(whole % 60).padStart(2, '0')}:${rest}` : `${whole}:${rest}`;
}

function exactTime(ns) { return `${(ns / SECOND).toFixed(6)} s`; }

function spanText(ns) {
  if (ns < 1e3) return `${ns} ns`;
  if (ns < 1e6) return `${+(ns / 1e3).toPrecision(3)} µs`;
  if (ns < SECOND) return `${+(ns / 1e6).toPrecision(3)} ms`;
  if (ns < 60 * SECOND) return `${+(ns / SECOND).toPrecision(3)} s`;
  const seconds = Math.round(ns / SECOND);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

const STEPS = (() => {
  const out = [];
  for (let unit = 1; unit < SECOND; unit *= 10) out.push(unit, 2 * unit, 5 * unit);
  const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200,
    86400];
  for (const s of seconds) out.push(s * SECOND);
  return out;
})();

// Ticks of a view: {ns, step, x} at round times, about `room` pixels apart, also where time is
// squeezed.
function ticksOf(scale, view, width, room) {
  const out = [];
  const pixel = (ns) => ((scale.place(ns) - view.from) / (view.to - view.from)) * width;
  const pieces = Math.max(1, Math.floor(width / room));
  for (let i = 0; i < pieces; ++i) {
    const a = scale.time(view.from + ((view.to - view.from) * i) / pieces);
    const b = scale.time(view.from + ((view.to - view.from) * (i + 1)) / pieces);
    const step = STEPS.find((s) => s >= (b - a) * 0.8) || STEPS[STEPS.length - 1];
    const tick = Math.ceil(a / step) * step;
    if (tick > b) continue;
    const x = pixel(tick);
    const last = out[out.length - 1];
    if (!last || x - last.x >= room * 0.72) out.push({ ns: tick, step, x });
  }
  return out;
}
