import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { allProofs, compliancePage } from './compliance';
import { PROJECT } from './sources';

// `npm run compliance` writes docs/compliance.md from the tests.
writeFileSync(join(PROJECT, 'docs/compliance.md'), compliancePage(allProofs()));
