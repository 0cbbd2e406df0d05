import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Lambda puts the credentials in the environment. In the bundles, this replaces the chain of the SDK, which also looks in
 * files, in other services, and in a browser's sign-in.
 */
export const defaultProvider = () => fromEnv();
