import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { DURATION_BOUNDS_SECONDS } from '../../query/metrics/duration-buckets.ts';
import { CATALOGUE, type MetricDefinition, prometheusName, prometheusSeries } from './catalogue.ts';

const catalogue: readonly MetricDefinition[] = CATALOGUE;
const read = (path: string): string => readFileSync(resolve(import.meta.dirname, '../../..', path), 'utf8');

const rules = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^[A-Z][A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
          annotations: z.strictObject({ summary: z.string().min(1), description: z.string().min(1) }),
        }),
      ),
    }),
  ),
});

const dashboard = z.object({
  title: z.string(),
  uid: z.string(),
  schemaVersion: z.number(),
  templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.unknown() })) }),
  panels: z.array(
    z.object({
      id: z.number(),
      type: z.string(),
      title: z.string(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z.array(z.object({ refId: z.string(), expr: z.string() })).default([]),
    }),
  ),
});

const alerts = rules.parse(parse(read('deploy/prometheus/waybill-alerts.yaml'))).groups.flatMap((group) => group.rules);
const board = dashboard.parse(JSON.parse(read('deploy/grafana/waybill-orders.json')));
const expressions = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...board.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

const series = new Map(catalogue.flatMap((each) => prometheusSeries(each).map((name) => [name, each] as const)));

/** Series that an expression reads, with the function around each range: `order_active` and `waybill_…` name all of ours. */
function seriesIn(expression: string): string[] {
  const withoutLabels = expression
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  return withoutLabels.match(/\b(?:order|waybill)_\w+/g) ?? [];
}

/** Labels that an expression selects, groups or matches by. */
function labelsIn(expression: string): string[] {
  const selected = [...expression.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) =>
    [...inside.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label),
  );
  const grouped = [...expression.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, inside = '']) =>
    inside.split(',').map((label) => label.trim()),
  );
  return [...selected, ...grouped];
}

describe('the alert rules and the dashboard', () => {
  it.each(expressions)('%s reads only series that Waybill exports', (_, expression) => {
    const names = seriesIn(expression);
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !series.has(name))).toEqual([]);
  });

  it.each(expressions)('%s uses only labels that those series have', (_, expression) => {
    const labels = new Set(['le', 'job', 'instance']);
    for (const name of seriesIn(expression)) {
      for (const attribute of series.get(name)?.attributes ?? []) labels.add(attribute.replaceAll('.', '_'));
    }
    expect(labelsIn(expression).filter((label) => !labels.has(label))).toEqual([]);
  });

  it.each(expressions)('%s takes changes of counters by rate, and of everything else by delta', (_, expression) => {
    const changes = [...expression.matchAll(/\b(rate|increase|irate|delta|idelta)\((\w+)/g)];
    const wrong = changes.filter(([, how = '', name = '']) => {
      const isCounter = series.get(name)?.type === 'counter';
      return isCounter === how.includes('delta');
    });
    expect(wrong).toEqual([]);
  });

  it('have alerts for what matters, each once', () => {
    const names = alerts.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    for (const name of [
      'OrderStatusOverTarget',
      'OrdersStuck',
      'OrdersFailing',
      'WaybillJournalLag',
      'WaybillStoreDown',
    ])
      expect(names).toContain(name);
  });

  it('have panels that do not overlap and have ids of their own', () => {
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
    const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...board.panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
  });

  it('name only variables that the dashboard has', () => {
    const known = new Set([...board.templating.list.map(({ name }) => name), '__range', '__rate_interval', '__all']);
    const used = [...JSON.stringify(board).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('docs/metrics.md', () => {
  const text = read('docs/metrics.md');
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim()),
    );

  it('lists every metric with its type, unit and attributes, and no other', () => {
    const expected = catalogue.map((each) => [
      `\`${each.name}\``,
      `\`${prometheusName(each)}\``,
      each.type,
      `\`${each.unit}\``,
      each.attributes.map((attribute) => `\`${attribute}\``).join(', ') || '–',
      each.description,
    ]);
    expect(rows).toEqual(expected);
  });

  it('lists the bounds of the buckets', () => {
    expect(text.replaceAll('\n', ' ')).toContain(` ${DURATION_BOUNDS_SECONDS.join(' ')} `);
  });

  it('uses names that exist in its samples', () => {
    const names = [...text.matchAll(/```text\n([\s\S]*?)```/g)].flatMap(([, sample = '']) => seriesIn(sample));
    expect(names.filter((name) => !series.has(name))).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('names every metric once, in OpenTelemetry and in Prometheus', () => {
    expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length);
    expect(series.size).toBe(catalogue.reduce((sum, each) => sum + prometheusSeries(each).length, 0));
  });

  it('has names, units and attributes that both allow', () => {
    for (const { name, unit, attributes } of catalogue) {
      expect(name).toMatch(/^[a-z][a-z_]*(\.[a-z_]+)+$/);
      expect(unit).toMatch(/^(s|By|\{[a-z]+\})$/);
      for (const attribute of attributes) expect(attribute).toMatch(/^[a-z][a-z_]*(\.[a-z_]+)+$/);
    }
  });
});
