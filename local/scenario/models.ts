import { json, Refusal, type Reply } from './answer.ts';
import type { Call } from './call.ts';
import { TRIPO_FIELDS, TRIPO_MODEL_ID } from './tripo-inputs.ts';
import type { World } from './world.ts';

/** `GET /models/{modelId}`: the record of the one model that can be run here. */
export async function getModel(call: Call, world: World): Promise<Reply> {
  const id = call.params['modelId'];
  if (id !== TRIPO_MODEL_ID) throw new Refusal(404, `Model ${id} not found`);
  return json(200, {
    model: {
      id,
      name: 'Tripo 3.1 Image to 3D',
      type: 'custom',
      status: 'trained',
      privacy: 'public',
      accessRestrictions: 0,
      capabilities: ['img23d'],
      tags: [],
      inputs: TRIPO_FIELDS.map(({ allowedValues, ...field }) => ({
        ...field,
        required: field.type === 'file',
        ...(field.type === 'file' && { kind: 'image', backgroundBehavior: 'transparent' }),
        ...(allowedValues && { allowedValues }),
      })),
      createdAt: world.date(Date.UTC(2026, 1, 11)),
      updatedAt: world.date(Date.UTC(2026, 5, 28)),
    },
  });
}
