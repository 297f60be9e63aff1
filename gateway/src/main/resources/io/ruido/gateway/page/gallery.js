import * as api from './api.js';
import { Card } from './card.js';
import { Job } from './job.js';

/** All known jobs, newest first; older ones are fetched as the reader scrolls towards them. */
export class Gallery {
  #jobs = new Map();
  #list = document.getElementById('gallery');
  #more = document.getElementById('more');
  #act;
  #changed;
  #next;
  #loading = null;
  #near = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.older(), { rootMargin: '600px' });

  /**
   * @param act what a card's button asks for
   * @param changed called after each change of a job, with the job
   */
  constructor(act, changed) {
    this.#act = act;
    this.#changed = changed;
  }

  get jobs() {
    return [...this.#jobs.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** The job of that id, fetched when it is not on the page yet. */
  async find(id) {
    return this.#jobs.get(id) ?? this.add(await api.job(id));
  }

  add(state) {
    const known = this.#jobs.get(state.id);
    if (known) {
      if (state.lastEvent > known.lastEvent) {
        known.update(state);
      }
      return known;
    }
    const job = new Job(state);
    this.#jobs.set(job.id, job);
    const { element } = new Card(job, this.#act);
    element.id = `job-${job.id}`;
    // UUIDv7s sort by age.
    const following = [...this.#list.children].find((card) => card.id < element.id) ?? null;
    this.#list.insertBefore(element, following);
    job.addEventListener('change', () => this.#changed(job));
    this.#changed(job);
    return job;
  }

  /** Jobs that were submitted elsewhere since the last look. */
  async refresh() {
    const page = await api.jobs();
    page.jobs.forEach((state) => this.add(state));
    this.#next ??= page.next;
    this.#look();
    return page.jobs.length;
  }

  older() {
    if (this.#next) {
      this.#loading ??= this.#page(this.#next).finally(() => (this.#loading = null));
    }
    return this.#loading;
  }

  async #page(before) {
    this.#more.textContent = 'Loading earlier pictures…';
    try {
      const page = await api.jobs(before);
      page.jobs.forEach((state) => this.add(state));
      this.#next = page.next ?? false;
      this.#more.textContent = '';
      this.#look();
    } catch (problem) {
      this.#more.textContent = problem.message;
    }
  }

  /** An observer speaks only when something changes, so it has to look anew after each page. */
  #look() {
    this.#near.unobserve(this.#more);
    this.#near.observe(this.#more);
  }

  /** The picture before (-1) or after (+1) the given one, across jobs. */
  async neighbour(job, index, direction) {
    if (job.images[index + direction]) {
      return [job, index + direction];
    }
    if (direction > 0 && this.jobs.at(-1) === job) {
      await this.older();
    }
    const other = this.jobs[this.jobs.indexOf(job) + direction];
    return other && [other, direction > 0 ? 0 : other.count - 1];
  }
}
