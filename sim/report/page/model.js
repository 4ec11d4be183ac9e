// The lanes of a run, from its data: what there is to draw, without a thought of pixels. A lane has
// items, each from `from` to `to` (equal: a mark), with a title and facts for the details.
'use strict';

const PHASES = ['Pending', 'Downloading', 'Unpacking', 'Parsing', 'Checking', 'Building', 'Fencing',
  'Switching', 'Running', 'Backoff', 'Blocked', 'Draining', 'Stopping', 'Absent', 'Lost'];
const FAULT_LANES_MAX = 14;

function makeModel(run) {
  const history = run.history;
  const end = Math.max(history.end_ns, run.figures.virtual_ns, 1);
  const apps = new Set(history.partitions.map((p) => p.app));
  const versions = new Set();
  for (const part of history.partitions) {
    for (const s of part.serving) versions.add(s.version);
    for (const p of part.phases) if (p.target) versions.add(p.target);
  }
  const ordered = [...versions].sort((a, b) => a - b);
  const versionClass = (version) => `ver${Math.max(0, ordered.indexOf(version)) % 6}`;

  const faultItem = (fault) => ({
    kind: 'fault',
    from: fault.from_ns,
    to: fault.to_ns,
    idle: fault.effects === 0,
    shape: fault.kind,
    title: fault.text,
    facts: [
      ['who', fault.who],
      ['took effect', fault.effects ? fault.effects.toLocaleString('en') : 'no: it touched nothing'],
      ['chosen by', fault.scripted ? `line ${fault.line} of the scenario` : 'the seed'],
    ],
  });

  function faultLanes() {
    const byText = new Map();
    for (const fault of history.faults) {
      if (!byText.has(fault.text)) byText.set(fault.text, []);
      byText.get(fault.text).push(faultItem(fault));
    }
    // Scripted faults of which nothing came are planned, and shown as such.
    for (const fault of run.faults) {
      if (fault.scripted && fault.applied === 0 && !byText.has(fault.text)) {
        byText.set(fault.text, []);
      }
    }
    let groups = [...byText];
    if (groups.length > FAULT_LANES_MAX) {
      const byKind = new Map();
      for (const items of byText.values()) {
        for (const item of items) {
          if (!byKind.has(item.shape)) byKind.set(item.shape, []);
          byKind.get(item.shape).push(item);
        }
      }
      groups = [...byKind];
    }
    return groups.map(([text, items]) => ({
      type: 'fault',
      label: text,
      idle: items.every((item) => item.idle),
      never: items.length === 0,
      items: items.sort((a, b) => a.from - b.from),
    }));
  }

  function noteLane() {
    const items = history.notes
      .filter((note) => ['operation', 'alarm', 'expectation', 'heal'].includes(note.kind))
      .map((note) => ({
        kind: 'note', shape: note.kind, from: note.at_ns, to: note.at_ns, title: note.text,
        facts: [['kind', note.kind], ['who', note.who]],
      }));
    return items.length ? [{ type: 'notes', label: 'operations', items }] : [];
  }

  function processItems(process) {
    const items = [];
    process.lives.forEach((life, i) => {
      const facts = [['life', life.number], ['epoch', life.epoch || ''], ['ended', life.end]];
      items.push({ kind: 'life', from: life.from_ns, to: life.to_ns, end: life.end,
        title: `${process.name} alive`, facts });
      const next = process.lives[i + 1];
      const until = next ? next.from_ns : end;
      if (life.end !== 'running' && until > life.to_ns) {
        items.push({ kind: 'down', from: life.to_ns, to: until, title: `${process.name} down`,
          facts: [['after it', life.end], ['back', next ? 'yes' : 'not in this run']] });
      }
    });
    for (const pause of process.paused) {
      items.push({ kind: 'pause', from: pause.from_ns, to: pause.to_ns,
        title: `${process.name} paused`, facts: [] });
    }
    const notes = history.notes.filter(
      (note) => note.who === process.name && (note.kind === 'alarm' || note.kind === 'vvm'));
    for (const note of notes) {
      items.push({ kind: 'note', shape: note.kind, from: note.at_ns, to: note.at_ns,
        title: note.text, facts: [['kind', note.kind]] });
    }
    return items;
  }

  // Whether `word` stands in `text` as a whole: pos/1 is not in pos/12.
  const says = (text, word) => {
    const at = text.indexOf(word);
    const next = text[at + word.length];
    return at >= 0 && !(next >= '0' && next <= '9');
  };
  const names = (text) => history.processes.some((process) => says(text, process.name));

  // Other phases carry the error of the attempt before along.
  const trouble = (phase) => phase.error && ['Backoff', 'Blocked', 'Lost'].includes(phase.phase);

  // The version that was served for most of a stretch: the set-point may ask for another one by then.
  function served(part, from, to) {
    let best = 0;
    let version = 0;
    for (const s of part.serving) {
      const length = Math.min(s.to_ns, to) - Math.max(s.from_ns, from);
      if (length > best) [best, version] = [length, s.version];
    }
    return version ? ` v${version}` : '';
  }

  function partLane(part, group) {
    const name = `${part.app}/${part.partition}`;
    const at = `${name} at ${part.process}`;
    const phases = part.phases.map((phase) => ({
      kind: 'phase', phase: phase.phase, from: phase.from_ns, to: phase.to_ns,
      title: `${phase.phase}${trouble(phase) ? `: ${phase.error}` : ''}`,
      label: trouble(phase) ? `${phase.phase}: ${phase.error}`
        : phase.phase === 'Running' ? `Running${served(part, phase.from_ns, phase.to_ns)}` : phase.phase,
      facts: [
        ['partition', at],
        ['to version', phase.target ? `v${phase.target}` : ''],
        ['attempt', phase.attempt || ''],
        ['error before', phase.error && !trouble(phase) ? phase.error : ''],
        ['generation', phase.generation || ''],
      ],
    }));
    const serving = part.serving.map((serving) => ({
      kind: 'serving', version: serving.version, from: serving.from_ns, to: serving.to_ns,
      title: `serves v${serving.version}`, facts: [['partition', at]],
    }));
    return {
      type: 'part', group, label: apps.size > 1 ? name : `${part.app.split('/')[1]}/${part.partition}`,
      full: at, items: phases, serving,
      broke: Boolean(run.violation) && says(run.violation.subject, name)
        && (says(run.violation.subject, part.process) || !names(run.violation.subject)),
    };
  }

  const lanes = [...faultLanes(), ...noteLane()];
  history.processes.forEach((process, group) => {
    const parts = history.partitions.filter((part) => part.process === process.name);
    lanes.push({ type: 'process', group, label: process.name, node: process.node,
      parts: parts.length, items: processItems(process) });
    for (const part of parts) lanes.push(partLane(part, group));
  });

  const marks = [];
  for (const fault of history.faults) marks.push({ at: fault.from_ns, title: fault.text });
  for (const note of history.notes) {
    if (note.kind !== 'cluster' && note.kind !== 'vvm') marks.push({ at: note.at_ns, title: note.text });
  }
  if (run.violation) marks.push({ at: run.violation.at_ns, title: run.violation.property });
  marks.sort((a, b) => a.at - b.at);

  return {
    end,
    lanes,
    marks,
    versions: ordered,
    versionClass,
    phases: PHASES.filter((name) => lanes.some(
      (lane) => lane.type === 'part' && lane.items.some((item) => item.phase === name))),
    heal: run.heal_at_ns !== null && run.heal_at_ns <= end ? run.heal_at_ns : null,
    moment: run.violation,
  };
}
