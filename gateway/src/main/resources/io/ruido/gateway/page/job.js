import * as api from './api.js';

const TERMINAL = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'EXPIRED'];
const SILENCE = 20_000;
const LONGEST_PAUSE = 10_000;

/** A job as this page knows it. Says 'change' after every event, and follows its events until the last one. */
export class Job extends EventTarget {
  connected = true;

  constructor(state) {
    super();
    Object.assign(this, state);
    if (this.live) {
      this.#watch();
    }
  }

  get live() {
    return !TERMINAL.includes(this.state);
  }

  /** Denoising done, from 0 to 1. */
  get progress() {
    return this.images.reduce((sum, image) => sum + image.step / image.steps, 0) / this.images.length;
  }

  /** What to submit for this job again, or for its image of that index alone. */
  request(index) {
    const { prompt, negativePrompt, model, width, height, steps, guidanceScale, sampler } = this;
    const one = this.images[index];
    const [count, seed] = one ? [1, one.seed] : [this.count, this.seed];
    return { prompt, negativePrompt, model, count, width, height, steps, guidanceScale, sampler, seed };
  }

  /** Takes the gateway's view of the job, which knows no previews. */
  update(state) {
    const previews = this.images.map((image) => image.preview);
    Object.assign(this, state);
    this.images.forEach((image, index) => (image.preview = previews[index]));
    this.#changed();
  }

  #apply(event) {
    if (event.number <= this.lastEvent) {
      return;
    }
    this.lastEvent = event.number;
    const image = this.images[event.index];
    switch (event.type) {
      case 'state':
        this.state = event.state;
        this.error = event.error ?? null;
        if (!this.live) {
          // Images without a result share the job's fate; the gateway does not say so for each.
          this.images.filter(({ state }) => state !== 'SUCCEEDED').forEach((rest) => (rest.state = event.state));
        }
        break;
      case 'image':
        image.state = event.state;
        break;
      case 'step':
        image.step = event.step;
        image.preview = event.preview ?? image.preview;
        break;
      case 'result':
        image.url = this.links.images.replace('{index}', event.index);
        break;
    }
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }

  #connection(connected) {
    if (this.connected !== connected) {
      this.connected = connected;
      this.#changed();
    }
  }

  #watch(pause = 500) {
    const url = new URL(this.links.websocket, location.href.replace(/^http/, 'ws'));
    url.searchParams.set('after', this.lastEvent);
    const socket = new WebSocket(url);
    let timer;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#suspect(socket), SILENCE);
    };
    listen();
    socket.onopen = () => this.#connection(true);
    socket.onmessage = ({ data }) => {
      listen();
      pause = 500;
      this.#apply(JSON.parse(data));
    };
    socket.onclose = async () => {
      clearTimeout(timer);
      if (!this.live) {
        return;
      }
      this.#connection(false);
      await new Promise((wake) => {
        setTimeout(wake, pause * (0.75 + Math.random() / 2));
        addEventListener('online', wake, { once: true });
      });
      await this.#vanished();
      if (this.live) {
        this.#watch(Math.min(pause * 2, LONGEST_PAUSE));
      }
    };
  }

  /** A connection can die without a word, as when a phone sleeps: silence is checked against the job itself. */
  async #suspect(socket) {
    const known = await api.job(this.id).catch(() => null);
    if (known?.lastEvent !== this.lastEvent) {
      socket.close();
    }
  }

  /** A refused WebSocket does not say why, so a job that no longer exists is found out here. */
  async #vanished() {
    const problem = await api.job(this.id).then(() => null, (refused) => refused);
    if (problem && (problem.status === 404 || problem.status === 410)) {
      this.update({ state: 'EXPIRED', error: problem.message });
    }
  }
}
