import type { ConsumeMessage } from 'amqplib';
import type { Broker } from '../broker.ts';
import { modelReadTimeoutMs, sleep, stepMs } from '../clock.ts';
import { faultNamed } from '../faults.ts';
import { asFields, MalformedError, numberField, parseFields, textField } from '../fields.ts';
import { call } from '../http-client.ts';
import { errorText, log } from '../log.ts';
import { describe, inSpan, statusChanged } from '../order-tracking.ts';
import type { Job, Jobs } from './jobs.ts';

/** Reads of a 3D file before the calculation gives its message back to the queue. */
const readAttempts = 3;

/** Handles `order.submitted`: opens a job, calculates its price, slowly, and publishes the result. */
export async function priceOrder(
  jobs: Jobs,
  broker: Broker,
  message: ConsumeMessage,
  signal: AbortSignal,
): Promise<void> {
  const { orderId, fault } = await readMessage(jobs, message);
  const job = await jobs.open(orderId, fault);
  describe({ 'order.id': orderId, 'mes.job.id': job.jobId });
  let { price } = job;
  if (price === null) {
    price = await inSpan('calculate price', { 'mes.job.id': job.jobId }, () => calculate(job, signal));
    if (await jobs.setPrice(job.jobId, price)) {
      statusChanged(orderId, 'PRICE_CALCULATED');
      log(orderId, `PRICE_CALCULATED (job ${job.jobId})`);
    }
  }
  await broker.publish({
    key: 'price.calculated',
    id: `${orderId}-price`,
    orderId,
    json: { orderId, jobId: job.jobId, price },
  });
}

async function readMessage(
  jobs: Jobs,
  { content, properties }: ConsumeMessage,
): Promise<{ orderId: string; fault: Job['fault'] }> {
  try {
    const body = parseFields(content);
    numberField(asFields(body.model, '"model"'), 'bytes');
    return { orderId: textField(body, 'orderId'), fault: faultNamed(body.demoFault) };
  } catch (error) {
    const orderId: unknown = properties.correlationId;
    if (error instanceof MalformedError && typeof orderId === 'string') {
      await jobs.refuse(orderId, error.message);
    }
    throw error;
  }
}

async function calculate(job: Job, signal: AbortSignal): Promise<number> {
  const model = await readModel(job, signal);
  await sleep(stepMs(job.orderId, 'calculatePrice'), signal);
  const grams = model.length / 500;
  return Math.round(grams * 5200 + 3500);
}

async function readModel({ orderId }: Job, signal: AbortSignal): Promise<Buffer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const path = `/orders/${encodeURIComponent(orderId)}/file`;
      return await call('shop', 'GET', path, { timeoutMs: modelReadTimeoutMs });
    } catch (error) {
      if (attempt === readAttempts) throw error;
      log(orderId, `no 3D file: ${errorText(error)}; reading it again later`);
      await sleep(stepMs(orderId, 'retry'), signal);
    }
  }
}
