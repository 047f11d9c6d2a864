/** The module `rmb-peer/plugin`. */
import type { Plugin } from '../client/serving/plugin.ts';
import { versionPlugin as versionOf } from '../client/serving/version.ts';
import { VERSION } from './config/release.ts';

export type { LocalRequest, Plugin, PluginReply, RemoteRequest } from '../client/serving/plugin.ts';

/** Answers `rmb.version`. A plugin of the same name that you load comes before it, and can fall back to it. */
export const versionPlugin: Plugin = versionOf(VERSION);
