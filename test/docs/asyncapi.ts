import { schemaVersion } from '../../functions/contract/schemas.ts';
import { sampleEvents } from './event-samples.ts';
import { publishedSchemas } from './event-schemas.ts';

const WHEN: Readonly<Record<string, string>> = {
  'model-stored': 'A model is stored in the asset bucket.',
  'model-failed': 'A run has ended without a model.',
  'upload-rejected': 'An upload cannot become a model, and nothing was paid.',
  'renditions-stored': 'The renditions of a stored model are in the asset bucket.',
};

/**
 * Returns the AsyncAPI document of the events.
 *
 * @see https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function asyncApi(): Record<string, unknown> {
  const samples = sampleEvents();
  const messages = [...publishedSchemas()]
    .filter(([name]) => samples.has(name))
    .map(([name, { $schema: _, $id: __, ...payload }]) => ({
      name,
      message: {
        title: payload.title,
        summary: WHEN[name],
        contentType: 'application/json',
        payload,
        examples: [{ payload: samples.get(name) }],
      },
    }));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Meshdrop',
      version: `${schemaVersion}.0`,
      description: 'The events that Meshdrop publishes. Amazon EventBridge delivers each at least once, in any order.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: {
      eventBus: {
        address: 'default',
        description: "The account's default event bus, or the one that the deployment names.",
        messages: Object.fromEntries(messages.map(({ name }) => [name, { $ref: `#/components/messages/${name}` }])),
      },
    },
    operations: {
      announce: {
        action: 'send',
        summary: 'Announces the end of a run.',
        channel: { $ref: '#/channels/eventBus' },
      },
    },
    components: { messages: Object.fromEntries(messages.map(({ name, message }) => [name, message])) },
  };
}
