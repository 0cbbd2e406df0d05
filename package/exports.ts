/** What `meshdrop` exports: the construct, its props, and the error of invalid settings. */
export { ImageToModel, type ImageToModelProps } from '../infra/image-to-model.ts';
export { InvalidSettingError } from '../infra/settings/invalid-setting.ts';
export type { FunctionMemory, ModelParameters, PlainProps } from '../infra/settings/plain-props.ts';
