import type { GatewayAsks, GatewayNews, ProcessAsks, ProcessNews } from './border.ts';
import type { Peer } from './channel/peer.ts';

/** The gateway's side of the border. */
export type ProcessPeer = Peer<ProcessAsks, ProcessNews, GatewayAsks, GatewayNews>;
