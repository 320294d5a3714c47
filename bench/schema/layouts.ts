import { readFileSync } from 'node:fs';

/** What is searched for. Texts come from the generator, so they need no quoting. */
export interface Wanted {
  /** 32 lower-case hexadecimal digits. */
  readonly trace: string;
  readonly service: string;
  readonly operation: string;
  readonly minNano: number;
  /** Start of the span, seconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Attribute of the span. */
  readonly key: string;
  readonly value: string;
}

/** A way to lay out spans in tables, and how it is asked. */
export interface Layout {
  readonly name: string;
  readonly tables: readonly string[];
  /** The table that spans are inserted into. */
  readonly spans: string;
  /** Its columns as they follow from the columns of Waybill's tables `spans` and `resources`; what is not here is empty in this load. */
  readonly from: Readonly<Record<string, string>>;
  readonly traceById: (wanted: Wanted) => string;
  /** The newest 20 traces with such a span. */
  readonly search: (wanted: Wanted) => string;
  /** The newest 20 traces with this attribute. */
  readonly byAttribute: (wanted: Wanted) => string;
}

/** The same durability for all. */
const DURABLE = 'fsync_after_insert = 1, fsync_part_directory = 1';

function schemaFile(name: string): string {
  const text = readFileSync(new URL(`../../src/store/schema/${name}`, import.meta.url), 'utf8');
  return text.replaceAll('{retention_days}', '3650');
}

const timeOf = (seconds: number): string => `toDateTime64(${seconds}, 9, 'UTC')`;

/** Waybill's own, from the files that it runs with. */
export const WAYBILL: Layout = {
  name: 'Waybill',
  tables: [
    '0001_resources.sql',
    '0002_spans.sql',
    '0019_trace_index.sql',
    '0020_trace_index_of_spans.sql',
    '0021_operations.sql',
    '0022_operations_of_spans.sql',
  ].map(schemaFile),
  spans: 'spans',
  from: {},
  traceById: ({ trace }) => `SELECT * FROM spans WHERE trace_id = unhex('${trace}') LIMIT 1 BY span_id, kind`,
  search: ({ service, operation, minNano, from, to }) =>
    `SELECT trace_id, max(start) AS newest FROM spans
     WHERE service = '${service}' AND name = '${operation}' AND duration_nano >= ${minNano}
       AND start BETWEEN ${timeOf(from)} AND ${timeOf(to)}
     GROUP BY trace_id ORDER BY newest DESC LIMIT 20`,
  byAttribute: ({ key, value }) =>
    `SELECT trace_id, max(start) AS newest FROM spans WHERE has(attributes, '${key}\\xFF1${value}')
     GROUP BY trace_id ORDER BY newest DESC LIMIT 20`,
};

/** The exporter of the OpenTelemetry Collector (contrib, 2026): attributes as maps, five bloom filters. */
export const OTEL: Layout = {
  name: 'OpenTelemetry exporter',
  tables: [
    `CREATE TABLE otel_traces (
       Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
       TraceId String CODEC(ZSTD(1)), SpanId String CODEC(ZSTD(1)), ParentSpanId String CODEC(ZSTD(1)),
       TraceState String CODEC(ZSTD(1)), SpanName LowCardinality(String) CODEC(ZSTD(1)),
       SpanKind LowCardinality(String) CODEC(ZSTD(1)), ServiceName LowCardinality(String) CODEC(ZSTD(1)),
       ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
       ScopeName String CODEC(ZSTD(1)), ScopeVersion String CODEC(ZSTD(1)),
       SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
       Duration UInt64 CODEC(T64, ZSTD(1)), StatusCode LowCardinality(String) CODEC(ZSTD(1)), StatusMessage String CODEC(ZSTD(1)),
       Events Nested (Timestamp DateTime64(9), Name LowCardinality(String), Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
       Links Nested (TraceId String, SpanId String, TraceState String, Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
       INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
       INDEX idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
       INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
       INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
       INDEX idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
       INDEX idx_duration Duration TYPE minmax GRANULARITY 1,
       INDEX idx_lower_span_name lower(SpanName) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8
     ) ENGINE = MergeTree PARTITION BY toDate(Timestamp) PRIMARY KEY (ServiceName, SpanName, toDateTime(Timestamp))
     ORDER BY (ServiceName, SpanName, toDateTime(Timestamp), Timestamp)
     SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, ${DURABLE}`,
    `CREATE TABLE otel_traces_trace_id_ts (
       TraceId String CODEC(ZSTD(1)), Start SimpleAggregateFunction(min, DateTime) CODEC(ZSTD(1)),
       End SimpleAggregateFunction(max, DateTime) CODEC(ZSTD(1))
     ) ENGINE = AggregatingMergeTree PARTITION BY toStartOfWeek(Start) ORDER BY TraceId SETTINGS ${DURABLE}`,
    `CREATE MATERIALIZED VIEW otel_traces_trace_id_ts_mv TO otel_traces_trace_id_ts AS
     SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End FROM otel_traces WHERE TraceId != '' GROUP BY TraceId`,
  ],
  spans: 'otel_traces',
  from: {
    Timestamp: 'start',
    TraceId: 'lower(hex(trace_id))',
    SpanId: 'lower(hex(span_id))',
    ParentSpanId: `if(reinterpretAsUInt64(parent_span_id) = 0, '', lower(hex(parent_span_id)))`,
    SpanName: 'name',
    SpanKind: `['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'][kind + 1]`,
    ServiceName: 'service',
    ResourceAttributes: 'mapFromArrays(resource_keys, resource_values)',
    ScopeName: 'scope_name',
    ScopeVersion: 'scope_version',
    SpanAttributes: 'mapFromArrays(attribute_keys, attribute_values)',
    Duration: 'greatest(duration_nano, 0)',
    StatusCode: `['Unset', 'Ok', 'Error'][status_code + 1]`,
    StatusMessage: 'status_message',
    'Events.Timestamp': 'event_times',
    'Events.Name': 'event_names',
    'Events.Attributes': 'arrayMap((k, v) -> mapFromArrays(k, v), event_attribute_keys, event_attribute_values)',
  },
  traceById: ({ trace }) =>
    `WITH (SELECT min(Start) FROM otel_traces_trace_id_ts WHERE TraceId = '${trace}') AS first,
       (SELECT max(End) + 1 FROM otel_traces_trace_id_ts WHERE TraceId = '${trace}') AS last
     SELECT * FROM otel_traces WHERE TraceId = '${trace}' AND Timestamp BETWEEN first AND last`,
  search: ({ service, operation, minNano, from, to }) =>
    `SELECT TraceId, max(Timestamp) AS newest FROM otel_traces
     WHERE ServiceName = '${service}' AND SpanName = '${operation}' AND Duration >= ${minNano}
       AND Timestamp BETWEEN ${timeOf(from)} AND ${timeOf(to)}
     GROUP BY TraceId ORDER BY newest DESC LIMIT 20`,
  byAttribute: ({ key, value }) =>
    `SELECT TraceId, max(Timestamp) AS newest FROM otel_traces WHERE SpanAttributes['${key}'] = '${value}'
     GROUP BY TraceId ORDER BY newest DESC LIMIT 20`,
};

/** Value types as Jaeger keeps them apart, with our number of the type and what makes a value of its text. */
const JAEGER_TYPES = [
  ['bool', 'Bool', 2, `v = 'true'`],
  ['double', 'Float64', 4, 'toFloat64(v)'],
  ['int', 'Int64', 3, 'toInt64(v)'],
  ['str', 'String', 1, 'v'],
] as const;
const JAEGER_NESTED = [...JAEGER_TYPES.map(([type, sql]) => [type, sql] as const), ['complex', 'String'] as const];

function jaegerAttributes(prefix: string): string {
  return JAEGER_NESTED.map(([type, sql]) => `${prefix}${type}_attributes Nested (key String, value ${sql})`).join(', ');
}

function jaegerValues(prefix: string, keys: string, types: string, values: string): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const [type, , number, value] of JAEGER_TYPES) {
    columns[`${prefix}${type}_attributes.key`] = `arrayFilter((k, t) -> t = ${number}, ${keys}, ${types})`;
    columns[`${prefix}${type}_attributes.value`] =
      `arrayMap(v -> ${value}, arrayFilter((v, t) -> t = ${number}, ${values}, ${types}))`;
  }
  return columns;
}

/** Jaeger v2 (2026): attributes apart by type, what it looks up by the way in further tables filled by views. */
export const JAEGER: Layout = {
  name: 'Jaeger',
  tables: [
    `CREATE TABLE spans (
       id String, trace_id String, trace_state String, parent_span_id String, name String, kind String, start_time DateTime64(9),
       status_code String, status_message String, duration Int64, ${jaegerAttributes('')},
       events Nested (name String, timestamp DateTime64(9), ${jaegerAttributes('')}),
       links Nested (trace_id String, span_id String, trace_state String, ${jaegerAttributes('')}),
       service_name String, ${jaegerAttributes('resource_')}, scope_name String, scope_version String, ${jaegerAttributes('scope_')},
       INDEX idx_trace_id trace_id TYPE bloom_filter GRANULARITY 1,
       INDEX idx_duration duration TYPE minmax GRANULARITY 1
     ) ENGINE = MergeTree PARTITION BY toDate(start_time) ORDER BY (service_name, name, toDateTime(start_time)) SETTINGS ${DURABLE}`,
    'CREATE TABLE services (name String) ENGINE = AggregatingMergeTree ORDER BY name',
    'CREATE MATERIALIZED VIEW services_mv TO services AS SELECT service_name AS name FROM spans GROUP BY service_name',
    `CREATE TABLE operations (service_name String, name String, span_kind String)
     ENGINE = AggregatingMergeTree ORDER BY (service_name, span_kind)`,
    'CREATE MATERIALIZED VIEW operations_mv TO operations AS SELECT name, kind AS span_kind, service_name FROM spans',
    `CREATE TABLE trace_id_timestamps (
       trace_id String, start SimpleAggregateFunction(min, DateTime64(9)), end SimpleAggregateFunction(max, DateTime64(9))
     ) ENGINE = AggregatingMergeTree ORDER BY trace_id`,
    `CREATE MATERIALIZED VIEW trace_id_timestamps_mv TO trace_id_timestamps AS
     SELECT trace_id, min(start_time) AS start, max(start_time) AS end FROM spans GROUP BY trace_id`,
    `CREATE TABLE attribute_metadata (attribute_key String, type String, level String)
     ENGINE = AggregatingMergeTree ORDER BY (attribute_key, type, level)`,
    `CREATE MATERIALIZED VIEW attribute_metadata_mv TO attribute_metadata AS
     SELECT tp.1 AS attribute_key, tp.2 AS type, tp.3 AS level FROM (SELECT arrayJoin(arrayConcat(${JAEGER_TYPES.flatMap(
       ([type]) => [
         `arrayMap(k -> (k, '${type}', 'span'), ${type}_attributes.key)`,
         `arrayMap(k -> (k, '${type}', 'resource'), resource_${type}_attributes.key)`,
       ],
     ).join(', ')})) AS tp FROM spans) GROUP BY attribute_key, type, level`,
  ],
  spans: 'spans',
  from: {
    id: 'lower(hex(span_id))',
    trace_id: 'lower(hex(waybill.trace_id))',
    parent_span_id: `if(reinterpretAsUInt64(waybill.parent_span_id) = 0, '', lower(hex(waybill.parent_span_id)))`,
    name: 'waybill.name',
    kind: `['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'][waybill.kind + 1]`,
    start_time: 'start',
    status_code: `['Unset', 'Ok', 'Error'][waybill.status_code + 1]`,
    status_message: 'waybill.status_message',
    duration: 'duration_nano',
    ...jaegerValues('', 'attribute_keys', 'attribute_types', 'attribute_values'),
    'events.name': 'event_names',
    'events.timestamp': 'event_times',
    'events.str_attributes': 'arrayMap((k, v) -> arrayZip(k, v), event_attribute_keys, event_attribute_values)',
    service_name: 'service',
    ...jaegerValues('resource_', 'resource_keys', 'resource_types', 'resource_values'),
    scope_name: 'waybill.scope_name',
    scope_version: 'waybill.scope_version',
  },
  traceById: ({ trace }) =>
    `WITH (SELECT min(start) FROM trace_id_timestamps WHERE trace_id = '${trace}') AS first,
       (SELECT max(end) FROM trace_id_timestamps WHERE trace_id = '${trace}') AS last
     SELECT * FROM spans WHERE trace_id = '${trace}' AND start_time BETWEEN first AND last`,
  search: ({ service, operation, minNano, from, to }) =>
    `SELECT trace_id, max(start_time) AS newest FROM spans
     WHERE service_name = '${service}' AND name = '${operation}' AND duration >= ${minNano}
       AND start_time BETWEEN ${timeOf(from)} AND ${timeOf(to)}
     GROUP BY trace_id ORDER BY newest DESC LIMIT 20`,
  byAttribute: ({ key, value }) =>
    `SELECT trace_id, max(start_time) AS newest FROM spans
     WHERE arrayExists((k, v) -> k = '${key}' AND v = '${value}', str_attributes.key, str_attributes.value)
     GROUP BY trace_id ORDER BY newest DESC LIMIT 20`,
};

export const LAYOUTS: readonly Layout[] = [WAYBILL, OTEL, JAEGER];
