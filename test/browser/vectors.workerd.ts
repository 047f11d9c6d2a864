// Answers with the outcome of all checks in workerd: by the portable primitives, and by those of the deployed Worker.
import { PORTABLE } from '../../proto/crypto/portable.ts';
import { verify } from '../../workers/verify.ts';
import { runAllChecks } from './vectors.ts';

export default {
  fetch: async () => Response.json([await runAllChecks(), await runAllChecks({ ...PORTABLE, verify })]),
} satisfies ExportedHandler;
