/** Noise from a seed (mulberry32): the same seed always shows the same grain, as it does in the model. */
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fills a canvas with coloured grain, the stuff that the picture of that seed is made from. */
export function grain(canvas, seed, width = 48, height = width) {
  Object.assign(canvas, { width, height });
  const random = generator(seed);
  const context = canvas.getContext('2d');
  const pixels = context.createImageData(width, height);
  for (let i = 0; i < pixels.data.length; i++) {
    // A sum of three is close enough to the Gaussian that the sampler starts from.
    pixels.data[i] = i % 4 === 3 ? 255 : 175 + (random() + random() + random() - 1.5) * 110;
  }
  context.putImageData(pixels, 0, 0);
}

const LETTERS = [
  '.............#......#......',
  '....................#......',
  '#.##..#...#..#...##.#..###.',
  '##..#.#...#..#..#..##.#...#',
  '#.....#...#..#..#...#.#...#',
  '#.....#..##..#..#..##.#...#',
  '#......##.#..#...##.#..###.',
];
const [WIDTH, MARGIN, TAIL, PITCH] = [LETTERS[0].length, 2, 8, 20];
const [COLUMNS, ROWS] = [WIDTH + TAIL, LETTERS.length + 2 * MARGIN];

/** The name in dots, as clear as the pictures in the making are: noise when they begin, letters when they are done. */
export class Wordmark {
  #canvas;
  #still = matchMedia('(prefers-reduced-motion: reduce)');
  #dots;
  #clarity = 0;
  #goal = 1;
  #running = false;

  constructor(canvas) {
    this.#canvas = Object.assign(canvas, { width: COLUMNS * PITCH, height: ROWS * PITCH });
    const random = generator(5);
    this.#dots = Array.from({ length: COLUMNS * ROWS }, () => ({ phase: random(), size: random() }));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw(0));
    this.show(1);
  }

  /** @param clarity from 0, all noise, to 1, all letters */
  show(clarity) {
    this.#goal = this.#still.matches ? 1 : clarity;
    if (!this.#running) {
      requestAnimationFrame((time) => this.#frame(time));
      this.#running = true;
    }
  }

  #frame(time) {
    this.#clarity = this.#still.matches ? 1 : this.#clarity + (this.#goal - this.#clarity) * 0.12;
    this.#running = this.#clarity < 0.998;
    this.#draw(time / 1000);
    if (this.#running) {
      // A calm flicker needs no more than 20 frames a second.
      setTimeout(() => requestAnimationFrame((next) => this.#frame(next)), 50);
    }
  }

  #draw(seconds) {
    const context = this.#canvas.getContext('2d');
    const style = getComputedStyle(this.#canvas);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#dots.forEach(({ phase, size }, i) => {
      const [column, row] = [i % COLUMNS, Math.floor(i / COLUMNS)];
      const letter = LETTERS[row - MARGIN]?.[column] === '#';
      // The tail behind the word never resolves.
      const clear = this.#clarity * (1 - Math.max(0, (column - WIDTH) / TAIL));
      const noise = (size * (1 + Math.sin(seconds * (1 + 2 * phase) + 40 * phase))) / 2;
      const radius = 1.5 + 7.5 * (letter ? clear + (1 - clear) * noise : (1 - clear) * noise);
      context.fillStyle = letter && row === MARGIN && column < 20 ? style.getPropertyValue('--accent') : style.color;
      context.globalAlpha = letter ? 0.5 + 0.5 * clear : 0.35;
      context.beginPath();
      context.arc((column + 0.5) * PITCH, (row + 0.5) * PITCH, radius, 0, 2 * Math.PI);
      context.fill();
    });
  }
}
