import { grain } from './noise.js';

const STATES = {
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
  if (!job.connected && job.live) {
    return 'Connection lost, reconnecting…';
  }
  if (job.state === 'SAMPLING') {
    const done = job.images.filter((image) => image.state === 'SUCCEEDED').length;
    const step = Math.max(...job.images.map((image) => (image.state === 'SUCCEEDED' ? 0 : image.step)));
    return `Step ${step} of ${job.steps}${done ? `, ${done} of ${job.count} ready` : ''}`;
  }
  return STATES[job.state] + (job.error ? `: ${job.error}` : '');
}

export const fromTemplate = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/** One picture from noise to result: the seed's grain fades as the blurred preview sharpens, then the picture stands. */
export class Tile {
  element = fromTemplate('tile');
  #preview = this.element.querySelector('.preview');
  #picture = this.element.querySelector('.picture');
  #note = this.element.querySelector('.note');

  constructor(job, index) {
    this.element.style.setProperty('--ratio', job.width / job.height);
    grain(this.element.querySelector('.grain'), job.images[index].seed);
    this.#picture.onload = () => {
      this.element.classList.add('ready');
      // Small pictures get a mat rather than a blur: at most three screen pixels for one of theirs.
      this.#picture.style.maxWidth = `${3 * this.#picture.naturalWidth}px`;
    };
    this.#picture.onerror = () => (this.#note.textContent = 'no longer stored');
    this.update(job, index);
  }

  update(job, index) {
    const { state, step, steps, preview, url } = job.images[index];
    this.element.dataset.state = state;
    this.element.style.setProperty('--progress', step / steps);
    if (preview && preview !== this.#preview.src) {
      this.#preview.src = preview;
    }
    if (url && !this.#picture.src) {
      this.#picture.src = url;
    }
    this.#picture.alt = `${job.prompt}, picture ${index + 1} of ${job.count}`;
    this.#note.textContent = state === 'SAMPLING' ? `${step}/${steps}` : '';
  }
}

/** A job in the gallery: its pictures, how it stands, its parameters, and what can be done with it. */
export class Card {
  element = fromTemplate('card');
  #tiles;

  /** @param act called as act(what, job, index) for the buttons; 'open' is a click on a picture */
  constructor(job, act) {
    const find = (selector) => this.element.querySelector(selector);
    find('h3').textContent = job.prompt;
    find('.params').textContent = [job.sampler, `${job.steps} steps`, `guidance ${job.guidanceScale}`, `seed ${job.seed}`]
      .map((part) => part.replaceAll(' ', '\u00a0'))
      .join(' · ');
    const mosaic = find('.mosaic');
    mosaic.style.setProperty('--columns', Math.ceil(Math.sqrt(job.count)));
    this.#tiles = job.images.map((image, index) => {
      const tile = new Tile(job, index);
      const button = document.createElement('button');
      button.type = 'button';
      button.onclick = () => act('open', job, index);
      button.append(tile.element);
      mosaic.append(button);
      return tile;
    });
    find('.actions').onclick = ({ target }) => target.value && act(target.value, job);
    this.#update(job);
    job.addEventListener('change', () => this.#update(job));
  }

  #update(job) {
    this.element.dataset.state = job.state;
    this.element.classList.toggle('live', job.live);
    this.element.querySelector('.status').textContent = status(job);
    this.#tiles.forEach((tile, index) => tile.update(job, index));
  }
}
