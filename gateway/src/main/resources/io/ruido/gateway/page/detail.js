import { status, Tile } from './card.js';

const ARROWS = { ArrowLeft: -1, ArrowRight: +1 };

/** One picture, large, with everything that can be known and done about it. */
export class Detail {
  #dialog = document.getElementById('detail');
  #find = (selector) => this.#dialog.querySelector(selector);
  #on = (type, listener) => this.#dialog.addEventListener(type, listener);
  #gallery;
  #act;
  #shown;

  /** @param act called as act(what, job, index); 'turn' asks for another picture, 'close' for none */
  constructor(gallery, act) {
    this.#gallery = gallery;
    this.#act = act;
    const close = () => act('close');
    this.#find('.previous').onclick = () => this.#turn(-1);
    this.#find('.next').onclick = () => this.#turn(+1);
    this.#on('click', ({ target }) => target === this.#dialog && close());
    this.#on('click', ({ target: { value } }) => value && act(value, this.#shown.job, this.#shown.index));
    this.#on('keydown', ({ key }) => key in ARROWS && this.#turn(ARROWS[key]));
    this.#on('cancel', (event) => {
      event.preventDefault();
      close();
    });
  }

  show(job, asked) {
    this.#shown?.stop();
    const index = Math.min(asked, job.count - 1);
    const tile = new Tile(job, index);
    const update = () => this.#update(job, index, tile);
    job.addEventListener('change', update);
    this.#shown = { job, index, stop: () => job.removeEventListener('change', update) };
    this.#find('.frame').replaceChildren(tile.element);
    this.#dialog.style.setProperty('--width', job.width);
    this.#dialog.style.setProperty('--ratio', job.width / job.height);
    this.#find('h2').textContent = job.prompt;
    update();
    if (!this.#dialog.open) {
      this.#dialog.showModal();
      this.#find('h2').focus();
    }
  }

  hide() {
    this.#shown?.stop();
    this.#dialog.close();
  }

  #update(job, index, tile) {
    const { url, seed, variationSeed } = job.images[index];
    const seconds = (new Date(job.finishedAt) - new Date(job.submittedAt)) / 1000;
    const facts = {
      Model: job.model,
      Seed: seed,
      Steps: job.steps,
      Guidance: job.guidanceScale,
      Sampler: job.sampler,
      Size: `${job.width} × ${job.height}`,
      ...(job.frames > 1 && { Frames: job.frames }),
      ...(variationSeed !== null && { Varied: `${job.variationStrength} towards ${variationSeed}` }),
      ...(job.strength && { Changed: `${job.strength}${job.mask ? ', where painted' : ''}` }),
      ...(job.negativePrompt && { 'Left out': job.negativePrompt }),
      ...(job.count > 1 && { Image: `${index + 1} of ${job.count}` }),
      Submitted: new Date(job.submittedAt).toLocaleString(),
      ...(job.finishedAt && { Took: `${seconds.toFixed(1)} s` }),
    };
    const texts = Object.entries(facts).flat();
    const cells = [...this.#find('dl').children];
    if (cells.map(({ textContent }) => textContent).join() !== texts.join()) {
      this.#find('dl').replaceChildren(...texts.map(cell));
    }
    tile.update(job, index);
    this.#dialog.dataset.state = job.state;
    this.#dialog.classList.toggle('live', job.live);
    this.#find('.status').textContent = status(job);
    const name = job.prompt.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60);
    this.#find('[value=start]').hidden = this.#find('[value=vary]').hidden = !url || job.frames > 1;
    Object.assign(this.#find('a'), { hidden: !url, href: url ?? '', download: `${name}-${seed}.${job.outputFormat}` });
  }

  async #turn(direction) {
    const other = await this.#gallery.neighbour(this.#shown.job, this.#shown.index, direction);
    if (other) {
      this.#act('turn', ...other);
    }
  }
}

function cell(text, position) {
  return Object.assign(document.createElement(position % 2 ? 'dd' : 'dt'), { textContent: text });
}
