import { askForKey } from './key.js';

/** The gateway's calls, as /openapi.yaml describes them. */

/** Why a call was refused: the gateway's problem document, or what stands for it when there is no answer. */
export class Problem extends Error {
  constructor({ detail, title, code, errors = [] }, status = 0) {
    super(detail ?? title ?? `The server answered ${status}.`);
    Object.assign(this, { code, errors, status });
  }
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Problem({ code: 'unreachable', detail: 'Ruido is unavailable. Is it running?' });
  }
  if (response.status === 401) {
    await askForKey();
    return call(path, options);
  }
  if (!response.ok) {
    throw new Problem(await response.json().catch(() => ({})), response.status);
  }
  return response;
}

const json = async (path, options) => (await call(path, options)).json();

export const models = () => json('/v1/models');
export const jobs = (before) => json(`/v1/jobs?limit=24${before ? `&before=${before}` : ''}`);
export const job = (id) => json(`/v1/jobs/${encodeURIComponent(id)}`);
export const cancel = ({ links }) => json(links.cancel, { method: 'POST' });
export const submit = (request) =>
  json('/v1/jobs', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  });
export const stats = () => json('/v1/stats');
export const failures = () => json('/v1/jobs?state=FAILED&limit=8');
export const upload = async (id) => (await call(`/v1/uploads/${id}`)).blob();
export const picture = async (url) => (await call(url)).blob();
export const send = (picture) => json('/v1/uploads', { method: 'POST', body: picture });
