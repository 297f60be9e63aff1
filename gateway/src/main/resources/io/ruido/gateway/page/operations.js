import * as api from './api.js';
import { columns, sparkline } from './chart.js';
import { Wordmark } from './noise.js';

const EVERY = 2000;
/** So many answers are kept for the lines: three minutes. */
const ROOM = 90;
const ENDS = ['succeeded', 'failed', 'cancelled', 'expired'];
const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
];

const element = (id) => document.getElementById(id);
const wordmark = new Wordmark(element('wordmark'));
const speeds = new Map();

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const count = (n, noun) => `${number.format(n)} ${noun}${n === 1 ? '' : 's'}`;
const sum = (list, figure) => list.reduce((total, entry) => total + figure(entry), 0);

function duration(seconds) {
  const [size, unit] = UNITS.find(([size]) => seconds >= size) ?? UNITS.at(-1);
  return `${Math.floor(seconds / size)} ${unit}`;
}

const age = (time) => duration(Math.max(0, (Date.now() - new Date(time)) / 1000));
const bytes = (n) => (n < 2 ** 30 ? `${Math.round(n / 2 ** 20)} MiB` : `${(n / 2 ** 30).toFixed(1)} GiB`);

/** The newest values under a name, this one added. */
function remember(name, value) {
  speeds.set(name, [...(speeds.get(name) ?? []), value].slice(-ROOM));
  return speeds.get(name);
}

function showFigures({ running, models, workers, minutes }) {
  const show = (id, figure, note, words) => {
    element(id).textContent = number.format(figure);
    element(note).textContent = words;
  };
  const queues = models.flatMap(({ queue }) => queue);
  const waiting = sum(queues, ({ jobs }) => jobs);
  const oldest = Math.max(0, ...queues.map(({ oldestSeconds }) => oldestSeconds));
  show('waiting', waiting, 'oldest', waiting ? `the first for ${duration(oldest)}` : 'nobody waits');
  show(
    'running',
    running,
    'slots',
    `of ${count(
      sum(workers, ({ slots }) => slots),
      'slot',
    )}`,
  );

  const speed = sum(workers, ({ stepsPerSecond }) => stepsPerSecond);
  const busy = workers.filter(({ rows }) => rows > 0);
  const rows = sum(busy, ({ rows }) => rows) / busy.length;
  show('speed', speed, 'rows', busy.length ? `${number.format(rows)} rows a call` : 'idle');
  sparkline(element('speeds'), remember('', speed), ROOM);

  const [succeeded, failed] = ENDS.map((end) => sum(minutes, ({ jobs }) => jobs[end]));
  const share = Math.floor((100 * succeeded) / (succeeded + failed));
  const images = sum(minutes, ({ images }) => images);
  show('images', images, 'success', succeeded + failed ? `${share} % without failure` : 'no job ended');
  wordmark.show(running ? 0.7 : 1);
}

function showMinutes({ minutes }) {
  const ended = ENDS.map((end) => sum(minutes, ({ jobs }) => jobs[end]));
  const shown = minutes.map(({ at, jobs, images }) => ({
    title: [
      new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }),
      ...ENDS.filter((end) => jobs[end]).map((end) => `${jobs[end]} ${end}`),
      count(images, 'image'),
    ].join('\n'),
    values: ENDS.map((end) => jobs[end]),
  }));
  element('most').textContent = `at most ${columns(element('minutes'), shown, ENDS)} in a minute`;
  element('minutes').ariaLabel = ENDS.map((end, i) => `${ended[i]} ${end}`).join(', ');
  element('legend').replaceChildren(
    ...ENDS.map((end, i) => {
      const item = document.createElement('li');
      item.className = end;
      item.textContent = `${number.format(ended[i])} ${end}`;
      return item;
    }),
  );
  none('minutes', sum(ended, (jobs) => jobs) === 0);
}

function showQueues({ models }) {
  element('models').replaceChildren(
    ...models.flatMap(({ name, workers, admitted, queue }) =>
      queue.map(({ priority, jobs, oldestSeconds }, i) => {
        const row = document.createElement('tr');
        row.classList.toggle('stuck', jobs > 0 && workers === 0);
        const line = [number.format(jobs), jobs ? duration(oldestSeconds) : '–'];
        const model = i === 0 ? [count(admitted, 'image'), workers] : ['', ''];
        const cells = [i === 0 ? name : '', priority, ...line, ...model];
        cells.forEach((words) => (row.insertCell().textContent = words));
        return row;
      }),
    ),
  );
  none('models', models.length === 0);
}

function showWorkers({ workers }) {
  const list = element('workers');
  const known = new Map([...list.children].map((card) => [card.dataset.id, card]));
  list.replaceChildren(
    ...workers.map((worker) => {
      const card = known.get(worker.id) ?? element('worker').content.firstElementChild.cloneNode(true);
      card.dataset.id = worker.id;
      const show = (selector, words) => (card.querySelector(selector).textContent = words);
      show('h3', worker.id);
      show('.params', [worker.device, ...worker.models].join(' · '));
      show('.speed', number.format(worker.stepsPerSecond));
      show('.rows', worker.rows ? number.format(worker.rows) : '–');
      const gpu = worker.gpuMemoryBytes ? `, GPU ${bytes(worker.gpuMemoryBytes)}` : '';
      show('.memory', bytes(worker.memoryBytes) + gpu);
      show('.since', age(worker.since));
      const places = card.querySelector('.places');
      places.ariaLabel = `${worker.active} of ${count(worker.slots, 'slot')} in use`;
      places.replaceChildren(
        ...Array.from({ length: worker.slots }, (_, i) => {
          const place = document.createElement('span');
          place.classList.toggle('taken', i < worker.active);
          return place;
        }),
      );
      sparkline(card.querySelector('.spark'), remember(worker.id, worker.stepsPerSecond), ROOM);
      return card;
    }),
  );
  none('workers', workers.length === 0);
}

function showFailures({ jobs }) {
  element('failures').replaceChildren(
    ...jobs.map(({ id, prompt, model, error, finishedAt }) => {
      const [item, link, why] = ['li', 'a', 'p'].map((name) => document.createElement(name));
      link.href = `./#job=${id}`;
      link.textContent = prompt || id;
      why.textContent = `${error} · ${model} · ${age(finishedAt)} ago`;
      item.append(link, why);
      return item;
    }),
  );
  none('failures', jobs.length === 0);
}

/** Says of a list that there is nothing in it. */
function none(id, empty) {
  const section = element(id).closest('section');
  section.querySelector('.none').hidden = !empty;
  section.querySelector('.list').hidden = empty;
}

async function refresh() {
  try {
    const [stats, failures] = await Promise.all([api.stats(), api.failures()]);
    showFigures(stats);
    showMinutes(stats);
    showQueues(stats);
    showWorkers(stats);
    showFailures(failures);
    pulse(`Live, as of ${new Date().toLocaleTimeString()}`, true);
  } catch ({ message }) {
    pulse(`${message} Trying again…`, false);
  }
}

function pulse(words, live) {
  element('pulse').textContent = words;
  document.body.classList.toggle('stale', !live);
}

async function watch() {
  if (!document.hidden) {
    await refresh();
  }
  setTimeout(watch, EVERY);
}

watch();
addEventListener('visibilitychange', () => document.hidden || refresh());
