import { describe, expect, it } from 'vitest';
import { encodeExportResponse, encodeStatus, RPC_CODE } from './encode-status.ts';
import { decodeMessage } from './testing/trace-proto.ts';

const text = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

describe('encodeStatus', () => {
  it('writes code, message and details that a protobuf decoder reads', () => {
    const status = { code: RPC_CODE.unavailable, message: 'позже', retryDelaySeconds: 300, badRequest: 'at byte 7' };
    const decoded = decodeMessage('RpcStatus', encodeStatus(status, 'protobuf'));
    expect(decoded).toMatchObject({ code: 14, message: 'позже' });
    const [retry, bad] = decoded['details'] as { type_url: string; typeUrl: string; value: Uint8Array }[];
    expect(retry?.typeUrl).toBe('type.googleapis.com/google.rpc.RetryInfo');
    expect(decodeMessage('RetryInfo', retry?.value ?? new Uint8Array(0))).toEqual({ retryDelay: { seconds: '300' } });
    expect(decodeMessage('BadRequest', bad?.value ?? new Uint8Array(0))).toEqual({
      fieldViolations: [{ field: 'body', description: 'at byte 7' }],
    });
  });

  it('writes the same as JSON', () => {
    expect(text(encodeStatus({ code: RPC_CODE.unavailable, message: 'later', retryDelaySeconds: 5 }, 'json'))).toEqual({
      code: 14,
      message: 'later',
      details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '5s' }],
    });
    expect(text(encodeStatus({ code: RPC_CODE.internal, message: 'x' }, 'json'))).toEqual({ code: 13, message: 'x' });
  });
});

describe('encodeExportResponse', () => {
  it('is the empty message on full success and tells the rejected spans otherwise', () => {
    expect(encodeExportResponse(undefined, 'protobuf')).toHaveLength(0);
    expect(text(encodeExportResponse(undefined, 'json'))).toEqual({});
    const partial = { field: 'rejectedSpans' as const, rejected: 70_000, errorMessage: 'why' };
    expect(decodeMessage('ExportTraceServiceResponse', encodeExportResponse(partial, 'protobuf'))).toEqual({
      partialSuccess: { rejectedSpans: '70000', errorMessage: 'why' },
    });
    expect(text(encodeExportResponse(partial, 'json'))).toEqual({
      partialSuccess: { rejectedSpans: '70000', errorMessage: 'why' },
    });
    const points = { ...partial, field: 'rejectedDataPoints' as const };
    expect(text(encodeExportResponse(points, 'json'))).toEqual({
      partialSuccess: { rejectedDataPoints: '70000', errorMessage: 'why' },
    });
    expect(decodeMessage('ExportMetricsServiceResponse', encodeExportResponse(points, 'protobuf'))).toEqual({
      partialSuccess: { rejectedDataPoints: '70000', errorMessage: 'why' },
    });
  });
});
