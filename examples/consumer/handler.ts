import { S3Client } from '@aws-sdk/client-s3';
import { addToCatalogue } from './catalogue.ts';

const { ASSET_BUCKET: assetBucket, CATALOGUE_BUCKET: catalogueBucket } = process.env;
if (!assetBucket || !catalogueBucket) throw new Error('set ASSET_BUCKET and CATALOGUE_BUCKET');

const tools = { s3: new S3Client(), assetBucket, catalogueBucket };

/** EventBridge invokes this handler for each "Model Stored" event. */
export const handler = (event: unknown) => addToCatalogue(event, tools);
