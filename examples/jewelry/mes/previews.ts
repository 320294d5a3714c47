import type { ConsumeMessage } from 'amqplib';
import { previewMs, sleep } from '../clock.ts';
import { faultNamed } from '../faults.ts';
import { parseFields, textField } from '../fields.ts';
import { describe } from '../order-tracking.ts';

/**
 * Handles `preview.requested`: draws a picture of the order's 3D model from one side.
 *
 * There is one renderer, so while it is busy with a model that is too much for it, everybody's pictures wait in the queue.
 */
export async function drawPreview({ content }: ConsumeMessage, signal: AbortSignal): Promise<void> {
  const body = parseFields(content);
  describe({ 'order.id': textField(body, 'orderId'), 'preview.view': textField(body, 'view') });
  await sleep(faultNamed(body.demoFault) === 'slow_consumer' ? previewMs.huge : previewMs.ordinary, signal);
}
