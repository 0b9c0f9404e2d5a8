import { z } from 'zod';
import { FactoryConfigSchema } from './config.ts';

/** The file's JSON Schema, by which editors complete, explain and check it. */
export const configJsonSchema = (): z.core.JSONSchema.BaseSchema =>
  z.toJSONSchema(FactoryConfigSchema, { io: 'input' });
