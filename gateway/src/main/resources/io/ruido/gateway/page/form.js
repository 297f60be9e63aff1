const STORE = 'ruido.settings';
const NUMBERS = ['count', 'width', 'height', 'steps', 'guidanceScale', 'seed'];
const COUNTS = [1, 2, 4, 9];
const WIDE = matchMedia('(min-width: 60rem)');

/** What is asked for: shows the model's choices, remembers the last settings, puts each refusal beside its field. */
export class Form {
  #form = document.getElementById('form');
  #fields = this.#form.elements;
  #details = this.#form.querySelector('details');
  #models = [];
  #submit;

  /** @param submit called with the request; may throw a Problem */
  constructor(submit) {
    this.#submit = submit;
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.send(this.request());
    };
    this.#form.oninput = ({ target }) => this.#input(target);
    this.#fields.prompt.onkeydown = (event) => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#form.requestSubmit();
      }
    };
    this.#fields.dice.onclick = () => {
      this.#fields.seed.value = crypto.getRandomValues(new Uint32Array(1))[0];
      this.#input(this.#fields.seed);
    };
    this.#fields.defaults.onclick = () => {
      this.fill({ ...this.#model().defaults, seed: '', negativePrompt: '' });
      this.#remember();
    };
    this.#details.open = WIDE.matches;
    WIDE.onchange = () => (this.#details.open = WIDE.matches);
  }

  /** @param catalog the answer of /v1/models, with at least one model */
  offer({ models, default: first, limits }) {
    this.#models = models;
    this.#fields.prompt.maxLength = limits.maxPromptLength;
    this.#fields.model.replaceChildren(...models.map(({ name, title }) => new Option(title, name)));
    const counts = COUNTS.filter((count) => count <= limits.maxCount);
    this.#form.querySelector('.count').append(...counts.map(countChoice));
    const remembered = JSON.parse(recall() ?? '{}');
    const known = models.some(({ name }) => name === remembered.model);
    this.fill(known ? { count: 1, ...remembered } : { count: 1, model: first });
  }

  /** Shows those values; a model brings its defaults for what is not among them. */
  fill(request) {
    if (request.model) {
      this.#fields.model.value = request.model;
      request = { ...this.#adopt(), seed: '', negativePrompt: '', ...request };
    }
    for (const [name, value] of Object.entries(request)) {
      if (name in this.#fields) {
        this.#fields[name].value = value;
      }
    }
    this.#show();
  }

  focus() {
    this.#fields.prompt.focus();
    this.#fields.prompt.select();
  }

  /** What the fields say. Empty ones are left out, and what is no number goes as it is, for the gateway to refuse. */
  request() {
    const entries = [...new FormData(this.#form)].filter(([name, value]) => name === 'prompt' || value.trim());
    return Object.fromEntries(
      entries.map(([name, value]) => [name, NUMBERS.includes(name) && !isNaN(value) ? Number(value) : value.trim()]),
    );
  }

  async send(request) {
    this.#clear();
    this.#remember();
    const button = this.#form.querySelector('.primary');
    button.disabled = true;
    try {
      await this.#submit(request);
    } catch (problem) {
      this.#refuse(problem);
    } finally {
      button.disabled = false;
    }
  }

  #model() {
    return this.#models.find(({ name }) => name === this.#fields.model.value) ?? this.#models[0];
  }

  /** Offers what the chosen model can do, and returns its defaults. */
  #adopt() {
    const { description, license, samplers, minSize, maxSize, sizeMultiple, defaults } = this.#model();
    document.getElementById('model-hint').textContent = `${description} Licence: ${license}.`;
    this.#fields.sampler.replaceChildren(...samplers.map(({ id, title }) => new Option(title, id)));
    for (const name of ['width', 'height']) {
      Object.assign(this.#fields[name], { min: minSize, max: maxSize, step: sizeMultiple, disabled: minSize === maxSize });
    }
    return defaults;
  }

  #input(target) {
    if (target.type === 'range') {
      target.nextElementSibling.value = target.value;
    }
    if (target === this.#fields.model) {
      this.fill({ model: target.value, seed: this.#fields.seed.value, negativePrompt: this.#fields.negativePrompt.value });
    }
    target.closest('.field')?.querySelector('.error')?.remove();
    target.removeAttribute('aria-invalid');
    this.#show();
    this.#remember();
  }

  #show() {
    for (const range of this.#form.querySelectorAll('[type=range]')) {
      range.value = range.nextElementSibling.value;
      range.style.setProperty('--fill', (range.value - range.min) / (range.max - range.min));
    }
    const { steps, sampler, width, height, seed } = this.#fields;
    this.#details.querySelector('summary span').textContent =
      `${steps.value} steps · ${sampler.value} · ${width.value}×${height.value}${seed.value && ` · seed ${seed.value}`}`;
  }

  #clear() {
    this.#form.querySelectorAll('.error').forEach((error) => error.remove());
    this.#form.querySelectorAll('[aria-invalid]').forEach((field) => field.removeAttribute('aria-invalid'));
    this.#form.querySelector('.problem').hidden = true;
  }

  #refuse(problem) {
    const placed = problem.errors?.filter(({ field, reason }) => this.#mark(field, reason)) ?? [];
    if (placed.length === 0) {
      const general = this.#form.querySelector('.problem');
      general.textContent = problem.message;
      general.hidden = false;
    }
    this.#form.querySelector('[aria-invalid]')?.focus();
  }

  #mark(name, reason) {
    const field = this.#fields[name];
    if (!field?.closest) {
      return false;
    }
    const error = document.createElement('p');
    Object.assign(error, { className: 'error', id: `${name}-error`, textContent: reason });
    field.closest('.field').append(error);
    field.setAttribute('aria-invalid', 'true');
    field.setAttribute('aria-describedby', error.id);
    this.#details.open ||= this.#details.contains(field);
    return true;
  }

  #remember() {
    try {
      localStorage.setItem(STORE, JSON.stringify(this.request()));
    } catch {
      // Storage can be forbidden; then nothing is remembered.
    }
  }
}

function recall() {
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null;
  }
}

function countChoice(count) {
  const label = document.createElement('label');
  const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'count', value: count });
  label.append(input, `${count}`);
  return label;
}
