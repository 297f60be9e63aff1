/** Asks for an API key, once for all calls that wait for it, and keeps it in a cookie that scripts cannot read. */
let asking;

export function askForKey() {
  asking ??= ask().finally(() => (asking = undefined));
  return asking;
}

async function ask() {
  const dialog = document.getElementById('key');
  const [input, problem] = [dialog.querySelector('input'), dialog.querySelector('.problem')];
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  dialog.showModal();
  for (;;) {
    await new Promise((sent) => (dialog.querySelector('form').onsubmit = (event) => sent(event.preventDefault())));
    const response = await fetch('/v1/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ key: input.value }),
    }).catch(() => null);
    if (response?.ok) {
      input.value = '';
      problem.hidden = true;
      return dialog.close();
    }
    problem.textContent = response ? 'This key is unknown.' : 'Ruido is unavailable. Is it running?';
    problem.hidden = false;
  }
}
