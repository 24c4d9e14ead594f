// The check of the installed CRDs against those of this program.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ApiError } from '../kube/errors.js';
import { scriptedApi } from '../kube/scripted-api.js';
import { customResourceFiles, verifyCustomResource, type CustomResourceDefinition } from './custom-resources.js';

const [file = ''] = customResourceFiles();
const definition = parse(readFileSync(file, 'utf8')) as CustomResourceDefinition;
const established = { conditions: [{ type: 'Established', status: 'True' }] };

describe('verifyCustomResource', () => {
  it('knows the five kinds', () => {
    expect(customResourceFiles()).toHaveLength(5);
  });

  it('accepts the same definition, whatever the API server adds around it', async () => {
    const spec = { ...definition.spec, conversion: { strategy: 'None' } };
    const api = scriptedApi(() => ({ ...definition, spec, status: established }));
    await expect(verifyCustomResource(api, file)).resolves.toEqual(definition);
  });

  it.each([
    ['CRD_MISSING', new ApiError('NotFound', 404, 'none')],
    ['CRD_NOT_ESTABLISHED', { ...definition, status: { conditions: [] } }],
    [
      'CRD_DIFFERS',
      {
        ...definition,
        spec: { ...definition.spec, versions: [{ name: 'v1alpha1', schema: {} }] },
        status: established,
      },
    ],
  ])('tells %s and the name', async (code, answer) => {
    const api = scriptedApi(() => {
      if (answer instanceof Error) {
        throw answer;
      }
      return answer;
    });
    await expect(verifyCustomResource(api, file)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('scst') as string,
    });
  });

  it('passes on what the API server refuses', async () => {
    const api = scriptedApi(() => {
      throw new ApiError('Forbidden', 403, 'no');
    });
    await expect(verifyCustomResource(api, file)).rejects.toMatchObject({ reason: 'Forbidden' });
  });
});
