import '@xyflow/react/dist/base.css';
import {
  type Edge,
  type EdgeTypes,
  type Node,
  type NodeHandle,
  type NodeTypes,
  Position,
  ReactFlow,
} from '@xyflow/react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { EdgeFigures, Lifecycle } from '../../../src/api/contract/index.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { GuardLine, type GuardLineType } from './GuardLine.tsx';
import { guardEdges } from './guards.ts';
import { type MapLayout, withUnknown } from './layout.ts';
import styles from './map.module.css';
import { RegionBox, type RegionBoxType } from './RegionBox.tsx';
import { drawnEdges, type StatusRow } from './rows.ts';
import { StatusNode, type StatusNodeType } from './StatusNode.tsx';
import { SystemLane, type SystemLaneType } from './SystemLane.tsx';
import { TrafficEdge, type TrafficEdgeType } from './TrafficEdge.tsx';

const nodeTypes: NodeTypes = { status: StatusNode, lane: SystemLane, region: RegionBox };
const edgeTypes: EdgeTypes = { traffic: TrafficEdge, guard: GuardLine };

interface StatusMapProps {
  readonly lifecycle: Lifecycle;
  readonly layout: MapLayout;
  readonly rows: readonly StatusRow[];
  readonly edges: readonly EdgeFigures[];
}

/** Where edges may end, known beforehand: the graph then draws them without measuring nodes first. */
const HANDLES = [
  { type: 'target', position: Position.Left, x: 0, y: 0, width: 1, height: 1 },
  { type: 'source', position: Position.Right, x: 0, y: 0, width: 1, height: 1 },
] as const satisfies readonly NodeHandle[];

/** Nothing on the map moves: it can be compared from day to day, and the page scrolls, not the map. */
const FIXED = {
  nodesDraggable: false,
  nodesConnectable: false,
  nodesFocusable: false,
  edgesFocusable: false,
  elementsSelectable: false,
  panOnDrag: false,
  panOnScroll: false,
  zoomOnScroll: false,
  zoomOnPinch: false,
  zoomOnDoubleClick: false,
  preventScrolling: false,
  autoPanOnNodeFocus: false,
  minZoom: 1,
  maxZoom: 1,
  proOptions: { hideAttribution: true },
} as const;

function useNodes(lifecycle: Lifecycle, layout: MapLayout, rows: readonly StatusRow[]): Node[] {
  const { t } = useTranslation();
  const language = useLanguage();
  return useMemo(() => {
    const lanes = layout.lanes.map((lane): SystemLaneType => {
      const system = lifecycle.systems.find((candidate) => candidate.id === lane.system);
      const title = lane.system === null ? t('map.unknownLane') : (system?.label[language] ?? lane.system);
      return {
        id: `lane:${lane.system ?? ''}`,
        type: 'lane',
        position: { x: lane.x, y: lane.y },
        width: lane.width,
        height: lane.height,
        zIndex: -1,
        data: { title, unknown: lane.system === null },
      };
    });
    const regions = layout.regions.map(
      (box): RegionBoxType => ({
        id: `region:${box.region}:${box.system}`,
        type: 'region',
        position: { x: box.x, y: box.y },
        width: box.width,
        height: box.height,
        zIndex: -1,
        data: {
          title: lifecycle.regions.find((candidate) => candidate.id === box.region)?.label[language] ?? box.region,
        },
      }),
    );
    const nodes = rows.flatMap((row): StatusNodeType[] => {
      const rect = layout.nodes.get(row.figures.status);
      if (rect === undefined) return [];
      const { x, y, width, height } = rect;
      return [
        {
          id: row.figures.status,
          type: 'status',
          position: { x, y },
          width,
          height,
          handles: [...HANDLES],
          data: { row },
        },
      ];
    });
    return [...lanes, ...regions, ...nodes];
  }, [lifecycle, layout, rows, language, t]);
}

/** Heads of lines, for reference by their id. */
function Arrows() {
  return (
    <svg width="0" height="0" className={styles['defs']} aria-hidden>
      <defs>
        <marker
          id="wb-guard-arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path d="M0,0 L8,4 L0,8 z" className={styles['guardArrow']} />
        </marker>
        <marker
          id="wb-deviation-arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="8"
          markerHeight="8"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path d="M0,0 L8,4 L0,8 z" className={styles['arrow']} />
        </marker>
      </defs>
    </svg>
  );
}

/** The lifecycle as a map in swim-lanes, with the orders that are in it now. */
export function StatusMap({ lifecycle, layout: known, rows, edges }: StatusMapProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const layout = useMemo(() => {
    const strangers = rows.map((row) => row.figures.status).filter((status) => !known.nodes.has(status));
    return withUnknown(known, strangers);
  }, [known, rows]);
  const nodes = useNodes(lifecycle, layout, rows);
  const flowEdges = useMemo(
    () =>
      [
        ...guardEdges(layout, lifecycle).map(
          (guard): GuardLineType => ({
            id: `guard:${guard.from}>${guard.to}`,
            source: guard.from,
            target: guard.to,
            type: 'guard',
            data: { guard },
          }),
        ),
        ...drawnEdges(layout, edges, lifecycle.transitions).map(
          (edge): TrafficEdgeType => ({
            id: `${edge.figures.from}>${edge.figures.to}`,
            source: edge.figures.from,
            target: edge.figures.to,
            type: 'traffic',
            data: { edge },
          }),
        ),
      ] satisfies Edge[],
    [layout, edges, lifecycle],
  );
  return (
    <div
      className={styles['map']}
      style={{ height: layout.height }}
      data-testid="status-map"
      role="group"
      aria-label={t('map.mapLabel', { name: lifecycle.label[language] })}
    >
      <Arrows />
      <ReactFlow nodes={nodes} edges={flowEdges} nodeTypes={nodeTypes} edgeTypes={edgeTypes} {...FIXED} />
    </div>
  );
}
