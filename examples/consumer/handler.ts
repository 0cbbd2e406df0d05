import { S3Client } from '@aws-sdk/client-s3';
import { addToCatalogue } from './catalogue.ts';

const { ASSET_BUCKET: assetBucket, CATALOGUE_BUCKET: catalogueBucket } = process.env;
if (!assetBucket || !catalogueBucket) throw new Error('ASSET_BUCKET and CATALOGUE_BUCKET have to be set');

const tools = { s3: new S3Client(), assetBucket, catalogueBucket };

/** Called by EventBridge for every "Model Stored". */
export const handler = (event: unknown) => addToCatalogue(event, tools);
