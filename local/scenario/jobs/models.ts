import { json, Refusal, type Reply } from '../answer.ts';
import type { Call } from '../call.ts';
import type { World } from '../world.ts';

/** `GET /models/{modelId}`: returns the record of a supported model. */
export async function getModel(call: Call, world: World): Promise<Reply> {
  const id = call.params['modelId'];
  const model = world.models.find((one) => one.id === id);
  if (!model) throw new Refusal(404, `Model ${id} not found`);
  return json(200, {
    model: {
      id,
      name: model.title,
      type: 'custom',
      status: 'trained',
      privacy: 'public',
      accessRestrictions: 0,
      capabilities: ['img23d'],
      tags: world.settings.options().modelTags,
      inputs: model.fields.map(({ allowedValues, ...field }) => ({
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
