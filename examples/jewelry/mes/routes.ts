import type { Broker } from '../broker.ts';
import type { Status } from '../faults.ts';
import { call } from '../http-client.ts';
import { type Answer, HttpError, type Request, type Route } from '../http-server.ts';
import { log } from '../log.ts';
import { describe, statusChanged } from '../order-tracking.ts';
import { draw } from '../seeded.ts';
import { idsOf } from '../service.ts';
import { type Job, type Jobs, jobIdOf } from './jobs.ts';

/**
 * The MES API. The addresses under `/jobs/` are the MES's own and know an order only as a job; those under `/orders/`
 * came later, for packaging, and put nothing on a span: there the address alone says which order it is.
 */
export function mesRoutes(jobs: Jobs, broker: Broker): Route[] {
  return [
    ['POST', '/jobs/{jobId}/approve', (request) => approve(jobs, request)],
    ['POST', '/jobs/{jobId}/start', async (request) => start(jobs, await jobOf(jobs, request))],
    ['GET', '/jobs/{jobId}/drawing', async (request) => drawing(await jobOf(jobs, request))],
    ['POST', '/jobs/{jobId}/complete', async (request) => complete(jobs, await jobOf(jobs, request))],
    ['POST', '/orders/{orderId}/package', async (request) => pack(jobs, await jobOfOrder(jobs, request))],
    ['GET', '/orders/{orderId}/label', async (request) => label(await jobOfOrder(jobs, request))],
    ['POST', '/orders/{orderId}/ship', async (request) => ship(jobs, broker, await jobOfOrder(jobs, request))],
    ['GET', '/jobs', async () => ({ status: 200, json: { rows: await jobs.waitingForOperator() } })],
    ['GET', '/orders', ({ query }) => list(jobs, idsOf(query))],
  ];
}

async function approve(jobs: Jobs, request: Request): Promise<Answer> {
  const job = await jobOf(jobs, request);
  const attempts = await jobs.countApproval(job.jobId);
  if (job.fault === 'mes_500' && attempts <= 1 + Math.floor(draw(`${job.orderId}:500`) * 2)) {
    throw new Error('could not reserve material: the stock table is locked');
  }
  if (await jobs.approve(job.jobId)) log(job.orderId, 'approval received');
  return { status: 200, json: { jobId: job.jobId } };
}

async function start(jobs: Jobs, job: Job): Promise<Answer> {
  return step(jobs, job, ['PRICE_CALCULATED'], 'MANUFACTURING_STARTED');
}

async function complete(jobs: Jobs, job: Job): Promise<Answer> {
  return step(jobs, job, ['MANUFACTURING_STARTED'], 'MANUFACTURING_COMPLETED');
}

async function pack(jobs: Jobs, job: Job): Promise<Answer> {
  return step(jobs, job, ['MANUFACTURING_COMPLETED'], 'PACKAGING');
}

async function ship(jobs: Jobs, broker: Broker, job: Job): Promise<Answer> {
  // The MES does not insist on PACKAGING; an operator in a hurry can leave it out.
  const answer = await step(jobs, job, ['MANUFACTURING_COMPLETED', 'PACKAGING'], 'SHIPPED');
  if (!job.shopTold) {
    const { orderId, fault } = job;
    // Renamed here and nowhere else: no queue is bound to the new key, and the broker drops the message without a word.
    const key = fault === 'unroutable_publish' ? 'order.dispatched' : 'order.shipped';
    await broker.publish({ key, id: `${orderId}-shipped`, orderId, json: { orderId } });
    await jobs.markShopTold(job.jobId);
  }
  return answer;
}

/** Takes a job to its next status; a step that was taken already is answered with success. */
async function step(jobs: Jobs, { jobId, orderId, status }: Job, from: readonly Status[], to: Status): Promise<Answer> {
  if (await jobs.advance(jobId, from, to)) {
    statusChanged(orderId, to);
    log(orderId, to);
  } else if (status !== to) {
    throw new HttpError(409, `job ${jobId} is ${status}; ${to} needs an approved job that is ${from.join(' or ')}`);
  }
  return { status: 200, json: { jobId, status: to } };
}

async function drawing({ orderId }: Job): Promise<Answer> {
  return { status: 200, bytes: await call('shop', 'GET', `/orders/${encodeURIComponent(orderId)}/file`) };
}

async function label({ orderId, jobId }: Job): Promise<Answer> {
  return { status: 200, json: { orderId, parcel: `P-${jobId}` } };
}

async function list(jobs: Jobs, orderIds: readonly string[]): Promise<Answer> {
  const refused = (await jobs.refused(orderIds)).map((orderId) => ({ orderId, status: 'REFUSED' }));
  const known = (await jobs.ofOrders(orderIds)).map(({ orderId, status }) => ({ orderId, status }));
  return { status: 200, json: { rows: [...known, ...refused] } };
}

async function jobOf(jobs: Jobs, { param }: Request): Promise<Job> {
  describe({ 'mes.job.id': param('jobId') });
  const job = await jobs.find(param('jobId'));
  if (job === null) throw new HttpError(404, `no job ${param('jobId')}`);
  return job;
}

async function jobOfOrder(jobs: Jobs, { param }: Request): Promise<Job> {
  const job = await jobs.find(jobIdOf(param('orderId')));
  if (job === null) throw new HttpError(404, `no job for order ${param('orderId')}`);
  return job;
}
