import { status, Tile } from './card.js';

/** One picture, large, with everything that can be known and done about it. Its address is #job=ID or #job=ID/INDEX. */
export class Detail {
  #dialog = document.getElementById('detail');
  #gallery;
  #act;
  #shown;

  constructor(gallery, act) {
    this.#gallery = gallery;
    this.#act = act;
    this.#find('.close').onclick = () => this.close();
    this.#find('.previous').onclick = () => this.#move(-1);
    this.#find('.next').onclick = () => this.#move(+1);
    this.#find('.buttons').onclick = ({ target }) => target.value && this.#do(target.value);
    this.#dialog.onclick = ({ target }) => target === this.#dialog && this.close();
    this.#dialog.onkeydown = ({ key }) => {
      const direction = { ArrowLeft: -1, ArrowRight: +1 }[key];
      if (direction) {
        this.#move(direction);
      }
    };
    this.#dialog.oncancel = (event) => {
      event.preventDefault();
      this.close();
    };
  }

  #find(selector) {
    return this.#dialog.querySelector(selector);
  }

  show(job, index = 0) {
    this.#shown?.stop();
    index = Math.min(index, job.count - 1);
    const tile = new Tile(job, index);
    const update = () => this.#update(job, index, tile);
    job.addEventListener('change', update);
    this.#shown = { job, index, stop: () => job.removeEventListener('change', update) };
    this.#find('.frame').replaceChildren(tile.element);
    this.#find('#detail-prompt').textContent = job.prompt;
    const facts = {
      Model: job.model,
      Seed: job.images[index].seed,
      Steps: job.steps,
      Guidance: job.guidanceScale,
      Sampler: job.sampler,
      Size: `${job.width} × ${job.height}`,
      'Left out': job.negativePrompt,
      Picture: job.count > 1 && `${index + 1} of ${job.count}`,
      Submitted: new Date(job.submittedAt).toLocaleString(),
      Took: job.finishedAt && `${((new Date(job.finishedAt) - new Date(job.submittedAt)) / 1000).toFixed(1)} s`,
    };
    this.#find('dl').replaceChildren(
      ...Object.entries(facts)
        .filter(([, value]) => value || value === 0)
        .flatMap(([name, value]) => [text('dt', name), text('dd', value)]),
    );
    update();
    if (!this.#dialog.open) {
      this.#dialog.showModal();
      this.#find('#detail-prompt').focus();
    }
  }

  close() {
    if (history.state?.detail) {
      history.back();
    } else {
      history.replaceState(null, '', location.pathname);
      this.hide();
    }
  }

  hide() {
    this.#shown?.stop();
    this.#dialog.close();
  }

  #update(job, index, tile) {
    tile.update(job, index);
    this.#dialog.dataset.state = job.state;
    this.#dialog.classList.toggle('live', job.live);
    this.#find('.status').textContent = status(job);
    const link = this.#find('a');
    const { url, seed } = job.images[index];
    link.hidden = !url;
    link.href = url ?? '';
    link.download = `${job.prompt.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60)}-${seed}.png`;
  }

  async #move(direction) {
    const { job, index } = this.#shown;
    const other = await this.#gallery.neighbour(job, index, direction);
    if (other) {
      this.#act('turn', ...other);
    }
  }

  #do(what) {
    const { job, index } = this.#shown;
    if (['new', 'same', 'edit'].includes(what)) {
      this.close();
    }
    this.#act(what, job, index);
  }
}

function text(tag, content) {
  const element = document.createElement(tag);
  element.textContent = content;
  return element;
}
