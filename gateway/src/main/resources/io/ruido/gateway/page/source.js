import * as api from './api.js';

/** What is sent at most along each side: models look at pictures that are far smaller. */
const LARGEST = 2048;
const BRUSH = 0.09;
const PAINT = '#ff5a1f';

/** The picture that a job begins with, cut to the job's proportions, and what is painted on it: where it may change. */
export class Source {
  #element = document.getElementById('source');
  #canvas = this.#element.querySelector('canvas');
  #file = document.getElementById('file');
  #mask = document.createElement('canvas');
  #ratio = 1;
  #picture = null;
  #painted = false;
  #firstFrame = false;
  #changed;
  #refused;
  #sent = {};

  /**
   * @param changed called when there is a picture, another one, or none any more
   * @param refused called with an error where a chosen file is no picture
   */
  constructor(changed, refused) {
    this.#changed = changed;
    this.#refused = refused;
    document.getElementById('attach').onclick = () => this.#file.click();
    this.#file.onchange = () => this.#take(this.#file.files);
    this.#element.querySelector('[value=remove]').onclick = () => this.remove();
    this.#element.querySelector('[value=clear]').onclick = () => this.#cut();
    this.#canvas.onpointerdown = (event) => this.#begin(event);
    this.#listen();
  }

  get attached() {
    return this.#picture !== null;
  }

  /** Whether it is the first frame of a clip, of which nothing changes. */
  set firstFrame(firstFrame) {
    this.#firstFrame = firstFrame;
    this.#element.classList.toggle('first-frame', firstFrame);
    if (firstFrame && this.#painted) {
      this.#cut();
    }
  }

  /** Of the job: pictures of other proportions lose what is left and right, or above and below. */
  set ratio(ratio) {
    if (ratio > 0 && isFinite(ratio) && ratio !== this.#ratio) {
      this.#ratio = ratio;
      this.#cut();
    }
  }

  /** Begins with a picture; throws where the browser cannot read it. */
  async attach(blob) {
    this.#file.value = '';
    if (blob) {
      this.#picture = await createImageBitmap(blob).catch(() => {
        throw new Error('This browser cannot read the file as an image.');
      });
      this.#element.hidden = false;
      this.#cut();
      this.#changed();
    }
  }

  /** Begins with what another job began with, as far as it is still kept. */
  async restore(image, mask) {
    this.remove();
    if (image) {
      await this.attach(await api.upload(image));
      if (mask) {
        this.#paint(await createImageBitmap(await api.upload(mask)));
      }
      this.#sent = { image, mask };
    }
  }

  remove() {
    this.#picture = null;
    this.#element.hidden = true;
    this.#changed();
  }

  /** Sends what has not been sent, and returns the fields of a request. */
  async fields() {
    if (!this.attached) {
      return {};
    }
    const cut = this.#sent;
    cut.image ??= await this.#send((context, { width, height }) => this.#drawPicture(context, width, height));
    if (this.#painted) {
      cut.mask ??= await this.#send((context, { width, height }) => {
        context.drawImage(this.#mask, 0, 0);
        for (const [operation, fillStyle] of [
          ['source-in', '#fff'],
          ['destination-over', '#000'],
        ]) {
          Object.assign(context, { globalCompositeOperation: operation, fillStyle });
          context.fillRect(0, 0, width, height);
        }
      });
    }
    return { image: cut.image, ...(this.#painted && { mask: cut.mask }) };
  }

  /** Sends all of it again when it is needed. */
  forget() {
    this.#sent = {};
  }

  async #send(draw) {
    const { width, height } = this.#canvas;
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    draw(canvas.getContext('2d'), canvas);
    const { id } = await api.send(await new Promise((done) => canvas.toBlob(done, 'image/png')));
    return id;
  }

  #cut() {
    this.#painted = false;
    this.#sent = {};
    if (this.attached) {
      const { width, height } = this.#picture;
      const wide = Math.min(width, height * this.#ratio);
      const scale = Math.min(1, LARGEST / Math.max(wide, wide / this.#ratio));
      const size = {
        width: Math.max(1, Math.round(wide * scale)),
        height: Math.max(1, Math.round((wide / this.#ratio) * scale)),
      };
      Object.assign(this.#canvas, size);
      Object.assign(this.#mask, size);
      this.#show();
    }
  }

  #show() {
    const context = this.#canvas.getContext('2d');
    const { width, height } = this.#canvas;
    this.#drawPicture(context, width, height);
    context.globalAlpha = 0.65;
    context.drawImage(this.#mask, 0, 0);
    context.globalAlpha = 1;
    this.#element.classList.toggle('painted', this.#painted);
  }

  #drawPicture(context, width, height) {
    const scale = Math.max(width / this.#picture.width, height / this.#picture.height);
    const [w, h] = [this.#picture.width * scale, this.#picture.height * scale];
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    context.drawImage(this.#picture, (width - w) / 2, (height - h) / 2, w, h);
  }

  /** A mask that was sent before: what is white in it. */
  #paint(mask) {
    const context = this.#mask.getContext('2d');
    context.drawImage(mask, 0, 0, this.#mask.width, this.#mask.height);
    const pixels = context.getImageData(0, 0, this.#mask.width, this.#mask.height);
    for (let i = 0; i < pixels.data.length; i += 4) {
      pixels.data[i + 3] = pixels.data[i];
    }
    context.putImageData(pixels, 0, 0);
    Object.assign(context, { globalCompositeOperation: 'source-in', fillStyle: PAINT });
    context.fillRect(0, 0, this.#mask.width, this.#mask.height);
    context.globalCompositeOperation = 'source-over';
    this.#painted = true;
    this.#show();
  }

  #begin(event) {
    event.preventDefault();
    if (this.#firstFrame) {
      return;
    }
    this.#canvas.setPointerCapture(event.pointerId);
    let last = this.#place(event);
    const stroke = (event) => {
      const next = this.#place(event);
      this.#stroke(last, next);
      last = next;
    };
    stroke(event);
    this.#canvas.onpointermove = stroke;
    this.#canvas.onpointerup = this.#canvas.onpointercancel = () => (this.#canvas.onpointermove = null);
  }

  #place({ clientX, clientY }) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return [((clientX - left) / width) * this.#canvas.width, ((clientY - top) / height) * this.#canvas.height];
  }

  #stroke(from, to) {
    const context = this.#mask.getContext('2d');
    Object.assign(context, { strokeStyle: PAINT, lineCap: 'round', lineWidth: 2 * BRUSH * this.#mask.width });
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
    this.#painted = true;
    delete this.#sent.mask;
    this.#show();
  }

  #listen() {
    addEventListener('dragover', (event) => event.preventDefault());
    addEventListener('drop', (event) => {
      event.preventDefault();
      this.#take(event.dataTransfer.files);
    });
    addEventListener('paste', (event) => {
      if (event.clipboardData.files.length) {
        event.preventDefault();
        this.#take(event.clipboardData.files);
      }
    });
  }

  #take([file]) {
    this.attach(file).catch(this.#refused);
  }
}
