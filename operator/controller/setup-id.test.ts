// The id of the installation: made once, whatever happens to the ConfigMap.
import { ApiError } from '../kube/errors.js';
import { scriptedApi } from '../kube/scripted-api.js';
import { ensureSetupId } from './setup-id.js';

interface World {
  stored: { data?: Record<string, string> } | undefined;
  nodes: { spec: { setupId: string } }[];
  /** Another process is faster with this. */
  rival?: string;
}

function serve(world: World) {
  return scriptedApi(({ method, path, body }) => {
    if (path.endsWith('/scstnodes')) {
      return { items: world.nodes };
    }
    if (method === 'POST') {
      if (world.rival !== undefined) {
        world.stored = { data: { setupId: world.rival } };
      }
      if (world.stored !== undefined) {
        throw new ApiError('AlreadyExists', 409, 'exists');
      }
      world.stored = body as World['stored'];
      return body;
    }
    if (world.stored === undefined) {
      throw new ApiError('NotFound', 404, 'none');
    }
    return world.stored;
  });
}

describe('ensureSetupId', () => {
  it('makes an id and gives the same one from then on', async () => {
    const world: World = { stored: undefined, nodes: [] };
    const id = await ensureSetupId(serve(world), 'ns');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await ensureSetupId(serve(world), 'ns')).toBe(id);
  });

  it('takes the id that the nodes carry when the ConfigMap was lost', async () => {
    const world: World = { stored: undefined, nodes: [{ spec: { setupId: 'kept' } }] };
    expect(await ensureSetupId(serve(world), 'ns')).toBe('kept');
    expect(world.stored?.data).toEqual({ setupId: 'kept' });
  });

  it('takes the id of another process that was faster', async () => {
    expect(await ensureSetupId(serve({ stored: undefined, nodes: [], rival: 'theirs' }), 'ns')).toBe('theirs');
  });

  it('refuses to guess when the ConfigMap has none', async () => {
    const empty = ensureSetupId(serve({ stored: { data: {} }, nodes: [] }), 'ns');
    await expect(empty).rejects.toMatchObject({ code: 'SETUP_ID_MISSING' });
  });
});
