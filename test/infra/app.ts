import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, CloudFormationValidatePlugin, type Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { cdkContext, project } from './cdk-context.ts';

const cache = join(project, 'node_modules', '.cache', 'valid-templates');
const validator = new CloudFormationValidatePlugin();

/** An app whose templates are those of a deploy. */
export function testApp(): App {
  return new App({ context: cdkContext(), builtinCloudFormationValidation: false });
}

/**
 * The template of a stack in a `testApp`. CDK's own validation stops what CloudFormation would refuse, as at a deploy;
 * but its engine takes seconds to load, so it looks only at templates that it has not let pass before.
 */
export function validTemplate(stack: Stack): Template {
  const app = App.of(stack);
  if (!(app instanceof App)) throw new Error(`${stack.node.path} is in no app`);
  const hash = createHash('sha256').update(readFileSync(join(project, 'package-lock.json')));
  hash.update(JSON.stringify(cdkContext()));
  for (const { template } of app.synth().stacks) hash.update(JSON.stringify(template));
  const passed = join(cache, hash.digest('hex'));
  if (!existsSync(passed)) {
    Validations.of(app).addPlugins(validator);
    app.synth({ force: true });
    mkdirSync(cache, { recursive: true });
    writeFileSync(passed, '');
  }
  return Template.fromStack(stack);
}
