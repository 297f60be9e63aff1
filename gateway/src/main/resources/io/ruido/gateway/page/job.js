import * as api from './api.js';

const TERMINAL = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'EXPIRED'];
const [FIRST_PAUSE, LONGEST_PAUSE, SILENCE] = [500, 10_000, 20_000];

/** A job as this page knows it. Says 'change' after every event, and follows its events until the last one. */
export class Job extends EventTarget {
  connected = true;

  constructor(state) {
    super();
    Object.assign(this, state);
    if (this.live) {
      this.#watch(FIRST_PAUSE);
    }
  }

  get live() {
    return !TERMINAL.includes(this.state);
  }

  /** Denoising done, from 0 to 1. */
  get progress() {
    return this.images.reduce((sum, { step, steps }) => sum + step / steps, 0) / this.images.length;
  }

  /** What to submit for this job again, or for its image of that index alone. */
  request(index) {
    const { prompt, negativePrompt, model, width, height, frames, steps, guidanceScale, sampler } = this;
    const { image, mask, strength, variationStrength, outputFormat, fps } = this;
    const { promptSyntax, clipSkip, tiling, sChurn, sTmin, sTmax, sNoise } = this;
    const loras = this.loras.filter(({ name }) => promptSyntax !== 'a1111' || !prompt.includes(`<lora:${name}`));
    const { seed, variationSeed } = this.images[index] ?? this;
    return {
      prompt,
      negativePrompt,
      model,
      count: this.images[index] ? 1 : this.count,
      width,
      height,
      steps,
      guidanceScale,
      sampler,
      seed,
      ...(frames > 1 && { frames, outputFormat, fps }),
      ...(variationStrength && { variationStrength, variationSeed }),
      ...(image && { image, strength }),
      ...(mask && { mask }),
      ...(promptSyntax !== 'plain' && { promptSyntax }),
      ...(clipSkip && { clipSkip }),
      ...(tiling && { tiling }),
      ...(loras.length && { loras: loras.map(({ name, weight }) => ({ name, weight })) }),
      ...(sChurn && { sChurn, sTmin, sNoise, ...(sTmax !== null && { sTmax }) }),
    };
  }

  /** Takes the gateway's view of the job, unless it is behind; it knows no previews. */
  update(state) {
    if (state.lastEvent > this.lastEvent) {
      state.images.forEach((image, index) => (image.preview = this.images[index].preview));
      this.#change(state);
    }
  }

  #change(values) {
    Object.assign(this, values);
    this.dispatchEvent(new Event('change'));
  }

  #apply({ number, type, index, state, error = null, step, preview, time, messages }) {
    if (number <= this.lastEvent) {
      return;
    }
    const image = this.images[index];
    switch (type) {
      case 'state':
        Object.assign(this, TERMINAL.includes(state) ? this.#end(state, error, time) : { state });
        break;
      case 'image':
        image.state = state;
        break;
      case 'step':
        Object.assign(image, { step, preview: preview ?? image.preview });
        break;
      case 'result':
        image.url = this.links.images.replace('{index}', index);
        break;
      case 'warnings':
        this.warnings = messages;
        break;
    }
    this.#change({ lastEvent: number });
  }

  /** Images without a result share the job's fate; no event says so for each. */
  #end(state, error, time) {
    const images = this.images.map((image) => (image.state === 'SUCCEEDED' ? image : { ...image, state }));
    return { state, error, images, finishedAt: new Date(time).toISOString() };
  }

  #watch(pause) {
    const url = new URL(this.links.websocket, location.href.replace(/^http/, 'ws'));
    url.searchParams.set('after', this.lastEvent);
    const socket = new WebSocket(url);
    // A connection can die without a word, as when a phone sleeps: silence is checked against the job itself.
    const check = async () => {
      const known = await api.job(this.id).catch(() => null);
      return known?.lastEvent === this.lastEvent ? listen() : socket.close();
    };
    let timer;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(check, SILENCE);
    };
    listen();
    socket.onopen = () => this.#change({ connected: true });
    socket.onmessage = ({ data }) => {
      listen();
      pause = FIRST_PAUSE;
      this.#apply(JSON.parse(data));
    };
    socket.onclose = async () => {
      clearTimeout(timer);
      if (!this.live) {
        return;
      }
      this.#change({ connected: false });
      await new Promise((wake) => {
        setTimeout(wake, pause * (0.75 + Math.random() / 2));
        addEventListener('online', wake, { once: true });
      });
      await this.#findOut();
      if (this.live) {
        this.#watch(Math.min(pause * 2, LONGEST_PAUSE));
      }
    };
  }

  /** A refused WebSocket does not say why: the job may be gone. */
  async #findOut() {
    const problem = await api.job(this.id).then(
      () => null,
      (refused) => refused,
    );
    if ([404, 410].includes(problem?.status)) {
      this.#change(this.#end('EXPIRED', problem.message, Date.now()));
    }
  }
}
