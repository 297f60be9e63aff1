import * as api from './api.js';
import { status } from './card.js';
import { Detail } from './detail.js';
import { Form } from './form.js';
import { Gallery } from './gallery.js';
import { grain, Wordmark } from './noise.js';

const VARIATIONS = 4;
const VARIATION = 0.25;

const element = (id) => document.getElementById(id);
const wordmark = new Wordmark(element('wordmark'));
const gallery = new Gallery(act, changed);
const detail = new Detail(gallery, act);
const form = new Form(submit);

async function submit(request) {
  const job = gallery.add(await api.submit(request));
  element('spoken').textContent = `Queued: ${job.prompt}`;
  element(`job-${job.id}`).scrollIntoView({ block: 'nearest' });
}

/** What a button asks for, of a job or of one of its images. A picture that is shown large has an address of its own. */
async function act(what, job, index) {
  const request = job?.request(index);
  switch (what) {
    case 'open':
      history.pushState({ opened: true }, '', `#job=${job.id}/${index}`);
      return detail.show(job, index);
    case 'turn':
      history.replaceState(history.state, '', `#job=${job.id}/${index}`);
      return detail.show(job, index);
    case 'close':
      return close();
    case 'new':
      close();
      delete request.seed;
      form.fill(request);
      return form.send(request);
    case 'vary':
      close();
      Object.assign(request, { count: Math.min(VARIATIONS, form.maxCount), variationStrength: VARIATION });
      delete request.variationSeed;
      form.fill(request);
      return form.send(request);
    case 'start':
      close();
      delete request.seed;
      delete request.image;
      delete request.mask;
      form.fill(request);
      return api
        .picture(job.images[index].url)
        .then((picture) => form.attach(picture))
        .catch(({ message }) => notice(message));
    case 'same':
      close();
      form.fill(request);
      return form.send(request);
    case 'edit':
      close();
      form.fill(request);
      return form.focus();
    case 'copy':
      await copy(JSON.stringify(request, null, 2));
      return notice('Copied, as a request for POST /v1/jobs');
    case 'cancel':
      return api.cancel(job).then(
        (state) => gallery.add(state),
        ({ message }) => notice(message),
      );
  }
}

function close() {
  detail.hide();
  if (history.state?.opened) {
    history.back();
  } else if (location.hash) {
    history.replaceState(null, '', location.pathname);
  }
}

function changed(job) {
  const progress = gallery.live.reduce((sum, { progress }) => sum + progress, 0) / gallery.live.length;
  wordmark.show(gallery.live.length ? 0.3 + 0.7 * progress : 1);
  document.title = gallery.live.length ? `${Math.floor(100 * progress)} % · Ruido` : 'Ruido';
  element('empty').hidden = true;
  if (job.watched && !job.live) {
    element('spoken').textContent = `${status(job) || 'Ready'}: ${job.prompt}`;
  }
  job.watched = job.live;
}

function notice(words) {
  element('notice').textContent = words;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => (element('notice').textContent = ''), 4000);
}

/** The clipboard's interface exists on secure origins only; Ruido is often opened by an address in the local network. */
async function copy(words) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(words);
  }
  const area = Object.assign(document.createElement('textarea'), { value: words });
  element('detail').append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** Shows what the address names. */
async function follow() {
  const [, id, index = 0] = location.hash.match(/^#job=([\w-]+)(?:\/(\d+))?$/) ?? [];
  if (id) {
    await gallery.find(id).then(
      (job) => detail.show(job, Number(index)),
      ({ message }) => notice(message),
    );
  } else {
    detail.hide();
  }
}

/** The page can be there before the gateway's servers and the workers with their models are. */
async function insist(action) {
  try {
    await action();
  } catch ({ message }) {
    notice(message);
    setTimeout(insist, 2000, action);
  }
}

insist(async () => {
  const catalog = await api.models();
  if (catalog.models.length === 0) {
    throw new Error('Waiting for a worker with a model…');
  }
  form.offer(catalog);
});
insist(async () => (element('empty').hidden = (await gallery.refresh()) > 0));
follow();
addEventListener('popstate', follow);
addEventListener('visibilitychange', () => document.hidden || gallery.refresh().catch(() => {}));
grain(element('empty').querySelector('canvas'), 7, 72, 24);
document.querySelector('.examples').onclick = ({ target }) => {
  if (target.matches('button')) {
    element('prompt').value = target.textContent;
    form.ask();
  }
};
