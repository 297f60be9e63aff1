import * as api from './api.js';
import { Card } from './card.js';
import { Job } from './job.js';

/** All known jobs, newest first; older ones are fetched as the reader scrolls towards them. */
export class Gallery {
  #jobs = new Map();
  #list = document.getElementById('gallery');
  #more = document.getElementById('more');
  #near = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.older(), { rootMargin: '600px' });
  #act;
  #changed;
  #next;
  #loading;

  /**
   * @param act what a card's button asks for
   * @param changed called with a job that is new or has changed
   */
  constructor(act, changed) {
    this.#act = act;
    this.#changed = changed;
  }

  get live() {
    return [...this.#jobs.values()].filter(({ live }) => live);
  }

  /** The job of that id, fetched when it is not on the page yet. */
  async find(id) {
    return this.#jobs.get(id) ?? this.add(await api.job(id));
  }

  add(state) {
    let job = this.#jobs.get(state.id);
    if (job) {
      job.update(state);
      return job;
    }
    job = new Job(state);
    this.#jobs.set(job.id, job);
    const { element } = new Card(job, this.#act);
    // UUIDv7s sort by age.
    const older = [...this.#list.children].find(({ id }) => id < element.id);
    this.#list.insertBefore(element, older ?? null);
    job.addEventListener('change', () => this.#changed(job));
    this.#changed(job);
    return job;
  }

  /** Shows what was submitted, here or elsewhere, since the last look; says how many jobs there are, up to a page. */
  async refresh() {
    const { jobs, next } = await api.jobs();
    jobs.forEach((state) => this.add(state));
    if (this.#next === undefined) {
      this.#watch(next);
    }
    return jobs.length;
  }

  older() {
    if (this.#next) {
      this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    }
    return this.#loading;
  }

  async #load() {
    this.#more.textContent = 'Loading earlier images…';
    try {
      const { jobs, next } = await api.jobs(this.#next);
      jobs.forEach((state) => this.add(state));
      this.#more.textContent = '';
      this.#watch(next);
    } catch (problem) {
      this.#more.textContent = problem.message;
    }
  }

  /** An observer speaks only when something changes, so it has to look anew after each page. */
  #watch(next) {
    this.#next = next;
    this.#near.unobserve(this.#more);
    this.#near.observe(this.#more);
  }

  /** The picture before (-1) or after (+1) the given one, across jobs; undefined at either end. */
  async neighbour(job, index, direction) {
    if (job.images[index + direction]) {
      return [job, index + direction];
    }
    const card = document.getElementById(`job-${job.id}`);
    if (direction > 0 && !card.nextElementSibling) {
      await this.older();
    }
    const other = direction > 0 ? card.nextElementSibling : card.previousElementSibling;
    const found = other && this.#jobs.get(other.id.slice('job-'.length));
    return found && [found, direction > 0 ? 0 : found.count - 1];
  }
}
