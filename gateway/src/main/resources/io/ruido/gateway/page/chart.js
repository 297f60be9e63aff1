/** Small charts, drawn as SVG in the colours of the page. */

const SVG = 'http://www.w3.org/2000/svg';

function draw(name, attributes) {
  const element = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([attribute, value]) => element.setAttribute(attribute, value));
  return element;
}

/** A line through the newest values, the last one at the right edge. */
export function sparkline(svg, values, room) {
  const [width, height, top] = [100, 30, Math.max(...values, 1e-9)];
  const x = (i) => width - ((values.length - 1 - i) * width) / (room - 1);
  const points = values.map(
    (value, i) => `${x(i).toFixed(2)},${(height - 1 - (value / top) * (height - 3)).toFixed(2)}`,
  );
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.replaceChildren(
    draw('polygon', { points: `${x(0).toFixed(2)},${height} ${points.join(' ')} ${width},${height}` }),
    draw('polyline', { points: points.join(' ') }),
  );
}

/**
 * One column for each entry, its parts on top of each other. Says how high the highest is.
 *
 * @param entries of a title and values, one for each of the kinds
 * @param kinds names of the classes that colour the parts, from the bottom
 */
export function columns(svg, entries, kinds) {
  const [pitch, height] = [10, 100];
  const total = ({ values }) => values.reduce((sum, value) => sum + value, 0);
  const most = Math.max(0, ...entries.map(total));
  const top = Math.max(most, 4);
  svg.setAttribute('viewBox', `0 0 ${pitch * entries.length} ${height}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.replaceChildren(
    ...entries.map((entry, i) => {
      const group = draw('g', {});
      const title = draw('title', {});
      title.textContent = entry.title;
      group.append(title, draw('rect', { x: i * pitch, y: 0, width: pitch, height, class: 'ground' }));
      let y = height;
      kinds.forEach((kind, k) => {
        const size = (entry.values[k] * (height - 2)) / top;
        y -= size;
        group.append(draw('rect', { x: i * pitch + 1, y, width: pitch - 2, height: size, class: kind }));
      });
      if (total(entry) === 0) {
        group.append(draw('rect', { x: i * pitch + 1, y: height - 1, width: pitch - 2, height: 1, class: 'nothing' }));
      }
      return group;
    }),
  );
  return most;
}
