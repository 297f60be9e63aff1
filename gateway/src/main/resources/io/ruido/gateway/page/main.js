import * as api from './api.js';
import { status } from './card.js';
import { Detail } from './detail.js';
import { Form } from './form.js';
import { Gallery } from './gallery.js';
import { grain, Wordmark } from './noise.js';

const wordmark = new Wordmark(document.getElementById('wordmark'));
const empty = document.getElementById('empty');
const gallery = new Gallery(act, changed);
const detail = new Detail(gallery, act);
const form = new Form(submit);

async function submit(request) {
  const job = gallery.add(await api.submit(request));
  say('Queued: ' + job.prompt);
  document.getElementById(`job-${job.id}`).scrollIntoView({ block: 'nearest' });
}

async function act(what, job, index) {
  const request = job.request(index);
  switch (what) {
    case 'open':
      history.pushState({ detail: true }, '', `#job=${job.id}/${index}`);
      return detail.show(job, index);
    case 'turn':
      history.replaceState(history.state, '', `#job=${job.id}/${index}`);
      return detail.show(job, index);
    case 'new':
      delete request.seed;
      form.fill({ ...request, seed: '' });
      return form.send(request);
    case 'same':
      form.fill(request);
      return form.send(request);
    case 'edit':
      form.fill(request);
      return form.focus();
    case 'copy':
      await copy(JSON.stringify(request, null, 2));
      return notice('Copied as a request for POST /v1/jobs');
    case 'cancel':
      return api.cancel(job).then((state) => gallery.add(state), (problem) => notice(problem.message));
  }
}

function changed(job) {
  const live = gallery.jobs.filter(({ live }) => live);
  const progress = live.reduce((sum, { progress }) => sum + progress, 0) / live.length;
  wordmark.show(live.length ? 0.3 + 0.7 * progress : 1);
  document.title = live.length ? `${Math.floor(100 * progress)} % · Ruido` : 'Ruido';
  empty.hidden = true;
  if (!job.live && job.announced === false) {
    say(`${status(job) || 'Ready'}: ${job.prompt}`);
  }
  job.announced = !job.live;
}

/** For those who listen rather than look. */
function say(words) {
  document.getElementById('spoken').textContent = words;
}

function notice(words) {
  const place = document.getElementById('notice');
  place.textContent = words;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => (place.textContent = ''), 4000);
}

/** The clipboard's interface exists on secure origins only; Ruido is often opened by an address in the local network. */
async function copy(words) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(words);
  }
  const area = document.createElement('textarea');
  area.value = words;
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

async function follow() {
  const [, id, index] = location.hash.match(/^#job=([\w-]+)(?:\/(\d+))?$/) ?? [];
  if (!id) {
    return detail.hide();
  }
  try {
    detail.show(await gallery.find(id), Number(index ?? 0));
  } catch (problem) {
    notice(problem.message);
  }
}

/** Workers announce their models when they are up, which can be after the page. */
async function offer() {
  const catalog = await api.models().catch((problem) => ({ models: [], problem }));
  if (catalog.models.length) {
    document.body.classList.remove('waiting');
    return form.offer(catalog);
  }
  document.body.classList.add('waiting');
  document.getElementById('model-hint').textContent = catalog.problem?.message ?? 'Waiting for a worker to bring a model…';
  setTimeout(offer, 2000);
}

document.querySelector('.examples').onclick = ({ target }) => {
  if (target.matches('button')) {
    form.fill({ prompt: target.textContent });
    form.send(form.request());
  }
};
addEventListener('popstate', follow);
addEventListener('visibilitychange', () => document.hidden || gallery.refresh().catch(() => {}));

grain(empty.querySelector('canvas'), 7, 72, 24);
offer();
gallery.refresh().then((count) => (empty.hidden = count > 0), (problem) => notice(problem.message));
follow();
