import { grain } from './noise.js';

const WORDS = {
  QUEUED: 'Waiting for a free worker',
  ENCODING: 'Reading the prompt',
  DECODING: 'Decoding',
  SUCCEEDED: '',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
  EXPIRED: 'Expired',
};

/** How a job stands, in words; empty when all is well and done. */
export function status(job) {
  if (job.live && !job.connected) {
    return 'Connection lost, reconnecting…';
  }
  if (job.state === 'SAMPLING') {
    const rest = job.images.filter(({ state }) => state !== 'SUCCEEDED');
    const ready = job.count - rest.length;
    const step = Math.max(0, ...rest.map(({ step }) => step));
    return `Step ${step} of ${job.images[0].steps}${ready ? `, ${ready} of ${job.count} ready` : ''}`;
  }
  const words = WORDS[job.state] + (job.error ? `: ${job.error}` : '');
  return [words, ...job.warnings].filter((part) => part).join('. ');
}

const fromTemplate = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/** A clip that plays for as long as it is looked at, in the place of a picture. */
function player(picture) {
  const video = Object.assign(document.createElement('video'), {
    muted: true,
    loop: true,
    autoplay: true,
    playsInline: true,
  });
  video.className = picture.className;
  picture.replaceWith(video);
  return video;
}

/** One picture from noise to result: the seed's grain fades as the blurred preview sharpens, then the picture stands. */
export class Tile {
  element = fromTemplate('tile');
  #find = (selector) => this.element.querySelector(selector);
  #preview = this.#find('.preview');
  #picture = this.#find('.picture');

  constructor(job, index) {
    this.element.style.setProperty('--ratio', job.width / job.height);
    if (job.images[index].state !== 'SUCCEEDED') {
      grain(this.#find('.grain'), job.images[index].seed);
    }
    if (['mp4', 'webm'].includes(job.outputFormat)) {
      this.#picture = player(this.#picture);
    }
    this.#picture.onload = this.#picture.onloadeddata = () => {
      // Small pictures get a mat rather than a blur: at most three pixels of the screen for one of theirs.
      this.#picture.style.maxWidth = `${3 * job.width}px`;
      this.element.classList.add('ready');
    };
    this.#picture.onerror = () => (this.#find('.note').textContent = 'no longer stored');
    this.update(job, index);
  }

  update(job, index) {
    const { state, step, steps, preview, url } = job.images[index];
    const how = state === 'SAMPLING' ? `step ${step} of ${steps}` : WORDS[state];
    this.element.ariaLabel = `${job.prompt}, image ${index + 1} of ${job.count}${how && `, ${how}`}`;
    this.element.dataset.state = state;
    this.element.style.setProperty('--progress', step / steps);
    if (preview && preview !== this.#preview.src) {
      this.#preview.src = preview;
    }
    if (url && !this.#picture.src) {
      if (this.#picture instanceof HTMLVideoElement) {
        this.#picture.poster = `${url}?variant=thumbnail`;
      }
      this.#picture.src = url;
    }
    if (job.count > 1 && job.live) {
      this.#find('.note').textContent = state === 'SAMPLING' ? `${step}/${steps}` : '';
    }
  }
}

/** A job in the gallery: its pictures, how it stands, its parameters, and what can be done with it. */
export class Card {
  element = fromTemplate('card');
  #find = (selector) => this.element.querySelector(selector);
  #tiles;

  /** @param act called as act(what, job, index) for the buttons; 'open' is a click on a picture */
  constructor(job, act) {
    this.element.id = `job-${job.id}`;
    this.#find('h3').textContent = job.prompt;
    this.#find('.params').textContent = [
      job.sampler,
      `${job.steps} steps`,
      `guidance ${job.guidanceScale}`,
      `seed ${job.seed}`,
    ]
      .map((part) => part.replaceAll(' ', '\u00a0'))
      .join(' · ');
    this.#find('.mosaic').style.setProperty('--columns', Math.ceil(Math.sqrt(job.count)));
    this.#find('.actions').onclick = ({ target: { value } }) => value && act(value, job);
    this.#tiles = job.images.map((image, index) => {
      const tile = new Tile(job, index);
      const button = Object.assign(document.createElement('button'), { type: 'button' });
      button.onclick = () => act('open', job, index);
      button.append(tile.element);
      this.#find('.mosaic').append(button);
      return tile;
    });
    this.#update(job);
    job.addEventListener('change', () => this.#update(job));
  }

  #update(job) {
    this.element.dataset.state = job.state;
    this.element.classList.toggle('live', job.live);
    this.#find('.status').textContent = status(job);
    this.#tiles.forEach((tile, index) => tile.update(job, index));
  }
}
