import { Source } from './source.js';

const STORE = 'ruido.settings';
const NUMBERS = [
  'count',
  'width',
  'height',
  'steps',
  'guidanceScale',
  'seed',
  'variationStrength',
  'variationSeed',
  'strength',
  'seconds',
];
const COUNTS = [1, 2, 4, 9];
const NEEDS = {
  image: ' It needs an image to start from.',
  'image,mask': ' It needs an image, with paint where it may change.',
};
const WIDE = matchMedia('(min-width: 60rem)');

/** What is asked for: shows the model's choices, remembers the last settings, puts each refusal beside its field. */
export class Form {
  maxCount = 1;
  #form = document.getElementById('form');
  #fields = this.#form.elements;
  #details = this.#form.querySelector('details');
  #problem = this.#form.querySelector('.problem');
  #attach = document.getElementById('attach');
  #source = new Source(
    () => this.#show(),
    (problem) => this.#refuse(problem),
  );
  #models = [];
  #model;
  #submit;

  /** @param submit called with the request; may throw a Problem */
  constructor(submit) {
    this.#submit = submit;
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.ask();
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
      this.#put({ model: this.#fields.model.value });
      this.#remember();
    };
    const unfold = () => (this.#details.open = WIDE.matches);
    WIDE.onchange = unfold;
    unfold();
  }

  /** @param catalog the answer of /v1/models, with at least one model */
  offer({ models, default: first, limits }) {
    this.#models = models;
    this.maxCount = limits.maxCount;
    this.#fields.prompt.maxLength = limits.maxPromptLength;
    this.#fields.model.replaceChildren(...models.map(({ name, title }) => new Option(title, name)));
    COUNTS.filter((count) => count <= limits.maxCount).forEach((count) => this.#allow(count));
    const last = recall();
    this.fill({ count: 1, ...(models.some(({ name }) => name === last.model) ? last : { model: first }) });
  }

  /** Shows those values, and the picture that they name; a model brings its defaults for what is not among them. */
  fill({ image, mask, ...values }) {
    this.#source.restore(image, mask).catch(() => {}); // It may be deleted by now.
    this.#put(values);
  }

  #put(values) {
    if (values.model) {
      this.#fields.model.value = values.model;
      values = { ...this.#adopt(), seed: '', negativePrompt: '', variationStrength: 0, variationSeed: '', ...values };
    }
    if (values.count) {
      this.#allow(values.count);
    }
    if (this.#model?.clips && values.frames && values.seconds === undefined) {
      values.seconds = Number(((values.frames - 1) / (values.fps ?? this.#model.clips.framesPerSecond)).toFixed(3));
    }
    Object.entries(values)
      .filter(([name]) => name in this.#fields)
      .forEach(([name, value]) => (this.#fields[name].value = value));
    this.#show();
  }

  /** Sends what the fields say, with the picture. */
  ask() {
    return this.send(this.#source.fields().then((source) => ({ ...this.request(), ...source })));
  }

  /** Begins with a picture. */
  async attach(blob) {
    await this.#source.attach(blob);
    this.#form.scrollIntoView({ block: 'nearest' });
  }

  focus() {
    this.#fields.prompt.focus();
    this.#fields.prompt.select();
  }

  /** What the fields say. Empty ones are left out; what is no number goes as it is, for the gateway to refuse. */
  request() {
    const without = [
      ...(this.#source.attached && !this.#model?.clips ? [] : ['strength']),
      ...(this.#model?.clips ? [] : ['seconds']),
      ...(Number(this.#fields.variationStrength.value) === 0 ? ['variationStrength', 'variationSeed'] : []),
    ];
    const given = [...new FormData(this.#form)]
      .filter(([name, value]) => name === 'prompt' || value.trim())
      .filter(([name]) => !without.includes(name));
    return Object.fromEntries(
      given.map(([name, value]) => [name, NUMBERS.includes(name) && !isNaN(value) ? Number(value) : value.trim()]),
    );
  }

  async send(request) {
    this.#form.querySelectorAll('.error').forEach((error) => error.remove());
    this.#form.querySelectorAll('[aria-invalid]').forEach((field) => field.removeAttribute('aria-invalid'));
    this.#problem.hidden = true;
    this.#remember();
    try {
      await this.#submit(await request);
    } catch (problem) {
      this.#refuse(problem);
    }
  }

  /** Offers what the chosen model can do, and returns its defaults. */
  #adopt() {
    const model = this.#models.find(({ name }) => name === this.#fields.model.value) ?? this.#models[0];
    const { description, license, samplers, minSize, maxSize, sizeMultiple, needs, clips } = model;
    this.#model = model;
    this.#source.firstFrame = Boolean(clips);
    this.#attach.hidden = Boolean(clips) && !clips.fromImage;
    document.getElementById('duration').hidden = !clips;
    document.getElementById('model-hint').textContent = `${description}${NEEDS[needs.join()] ?? ''} Licence: ${license}.`;
    this.#fields.sampler.replaceChildren(...samplers.map(({ id, title }) => new Option(title, id)));
    for (const size of [this.#fields.width, this.#fields.height]) {
      Object.assign(size, { min: minSize, max: maxSize, step: sizeMultiple, disabled: minSize === maxSize });
    }
    return model.defaults;
  }

  #allow(count) {
    const place = this.#form.querySelector('.count');
    if (!place.querySelector(`[value="${count}"]`)) {
      const choice = Object.assign(document.createElement('input'), { type: 'radio', name: 'count', value: count });
      place.append(document.createElement('label'));
      place.lastChild.append(choice, count);
    }
  }

  #input(target) {
    if (target.type === 'range') {
      target.nextElementSibling.value = target.value;
    }
    if (target === this.#fields.shape && target.value) {
      this.#reshape(Number(target.value));
    }
    if (target === this.#fields.width || target === this.#fields.height) {
      this.#fields.shape.value = '';
    }
    if (target === this.#fields.model) {
      this.#put({ ...this.request(), ...this.#adopt() });
    }
    target.closest('.field')?.querySelector('.error')?.remove();
    target.removeAttribute('aria-invalid');
    this.#show();
    this.#remember();
  }

  /** Sides in those proportions, of about as many pixels as the model's own. */
  #reshape(ratio) {
    const { defaults, minSize, maxSize, sizeMultiple } = this.#model;
    const side = (pixels) => Math.min(maxSize, Math.max(minSize, sizeMultiple * Math.round(pixels / sizeMultiple)));
    const height = Math.sqrt((defaults.width * defaults.height) / ratio);
    this.#fields.width.value = side(height * ratio);
    this.#fields.height.value = side(height);
  }

  #show() {
    for (const range of this.#form.querySelectorAll('[type=range]')) {
      range.value = range.nextElementSibling.value;
      range.style.setProperty('--fill', (range.value - range.min) / (range.max - range.min));
    }
    const { steps, sampler, width, height, seconds } = this.#fields;
    const duration = this.#model?.clips ? ` · ${seconds.value} s` : '';
    this.#attach.classList.toggle('needed', Boolean(this.#model?.needs.includes('image')) && !this.#source.attached);
    this.#source.ratio = width.value / height.value;
    this.#details.querySelector('summary span').textContent =
      `${steps.value} steps · ${sampler.value} · ${width.value} × ${height.value}${duration}`;
  }

  #refuse({ errors = [], message, code }) {
    if (code === 'unknown-upload') {
      this.#source.forget(); // The next try sends it again.
    }
    const unplaced = errors.filter(({ field, reason }) => !this.#mark(field, reason));
    this.#problem.hidden = errors.length > 0 && unplaced.length === 0;
    this.#problem.textContent = message;
    this.#form.querySelector('[aria-invalid]')?.focus();
  }

  #mark(name, reason) {
    const field = this.#fields[name];
    if (!field?.matches?.('input, textarea, select')) {
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
    return JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
}
