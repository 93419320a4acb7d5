#!/usr/bin/env node
import { appletText } from './service/applet-text.ts';

/** Prints what an operator pastes into a page. */
process.stdout.write(await appletText());
