import { describe, expect, it } from 'vitest';
import { compileUrlTemplate } from './url-template.ts';

describe('compileUrlTemplate', () => {
  it.each([
    ['/orders/{orderId}', '/orders/JW-1', 'JW-1'],
    ['/orders/{orderId}', '/orders/JW-1/', 'JW-1'],
    ['/orders/{orderId}', 'https://shop:8080/orders/JW-1?x=1#y', 'JW-1'],
    ['/orders/{orderId}', '/orders/JW%2F1', 'JW/1'],
    ['/orders/{orderId}', '/orders/JW-1/file', undefined],
    ['/orders/{orderId}/**', '/orders/JW-1/file/2', 'JW-1'],
    ['/orders/{orderId}/**', '/orders/JW-1', 'JW-1'],
    ['/v1/*/orders/{orderId}', '/v1/eu/orders/7', '7'],
    ['/orders/{orderId}', '/orders', undefined],
    ['/orders/{orderId}', '/orders/', undefined],
    ['/orders/{orderId}', '/jobs/7', undefined],
    ['/orders/{orderId}', '/orders/%E0%A4%A', '%E0%A4%A'],
  ])('%s reads %s as %s', (template, url, expected) => {
    expect(compileUrlTemplate(template)(url)).toBe(expected);
  });
});
