import type { Broker } from '../broker.ts';
import { callbackTtlMs, modelReadTimeoutMs, sleep } from '../clock.ts';
import { faultNamed } from '../faults.ts';
import { textField } from '../fields.ts';
import { type Answer, HttpError, type Request, type Route } from '../http-server.ts';
import { errorText, log } from '../log.ts';
import { describe, forOrder, statusChanged } from '../order-tracking.ts';
import { idsOf } from '../service.ts';
import type { Orders, ShopOrder } from './orders.ts';

/** From where the MES draws a model. */
const views = ['front', 'side', 'top'] as const;

/** The Shop API. Requests may be repeated: what was done already is answered with success and not done again. */
export function shopRoutes(orders: Orders, broker: Broker): Route[] {
  return [
    ['POST', '/orders', (request) => create(orders, request)],
    ['POST', '/orders/{orderId}/file', (request) => upload(orders, broker, request)],
    ['POST', '/orders/{orderId}/submit', (request) => submit(orders, broker, request)],
    ['POST', '/orders/{orderId}/receipt', (request) => confirmReceipt(orders, broker, request)],
    ['GET', '/orders/{orderId}/file', (request) => readFile(orders, request)],
    [
      'GET',
      '/orders/{orderId}',
      async (request) => ({ status: 200, json: publicView(await existing(orders, request)) }),
    ],
    [
      'GET',
      '/orders',
      async ({ query }) => ({
        status: 200,
        json: { rows: (await orders.list(idsOf(query))).map(publicView) },
      }),
    ],
  ];
}

async function create(orders: Orders, { fields }: Request): Promise<Answer> {
  const body = fields();
  const orderId = textField(body, 'orderId');
  const person = { name: textField(body, 'name'), phone: textField(body, 'phone'), email: textField(body, 'email') };
  return forOrder(orderId, async () => {
    // A careless but common habit: personal data on a span. Whoever stores the telemetry has to take it out.
    describe({ 'customer.name': person.name, 'customer.phone': person.phone, 'customer.email': person.email });
    if (!(await orders.create(orderId, person, faultNamed(body.demoFault)))) return { status: 200, json: { orderId } };
    statusChanged(orderId, 'INITIATED');
    log(orderId, 'INITIATED');
    return { status: 201, json: { orderId } };
  });
}

async function upload(orders: Orders, broker: Broker, { param, bytes }: Request): Promise<Answer> {
  const orderId = param('orderId');
  return forOrder(orderId, async () => {
    if (bytes.length === 0) throw new HttpError(400, 'the file is empty; send the 3D model as the body');
    if (await orders.upload(orderId, bytes)) {
      statusChanged(orderId, 'FILE_UPLOADED');
      log(orderId, `FILE_UPLOADED (${bytes.length} bytes)`);
      await requestPreviews(orders, broker, orderId);
    }
    return { status: 200, json: { orderId } };
  });
}

/** Asks the MES for pictures of the model; nobody waits for them, and a shop without broker does without. */
async function requestPreviews(orders: Orders, broker: Broker, orderId: string): Promise<void> {
  const demoFault = (await orders.find(orderId))?.fault ?? null;
  for (const view of views) {
    const id = `${orderId}-preview-${view}`;
    const json = { orderId, view, demoFault };
    await broker
      .publish({ key: 'preview.requested', id, orderId, json })
      .catch((error: unknown) => log(orderId, `no picture from the ${view}: ${errorText(error)}`));
  }
}

async function submit(orders: Orders, broker: Broker, request: Request): Promise<Answer> {
  const orderId = request.param('orderId');
  return forOrder(orderId, async () => {
    const order = await existing(orders, request);
    if (order.status === 'INITIATED') throw new HttpError(409, 'upload a 3D model first');
    if (await orders.submit(orderId)) {
      statusChanged(orderId, 'SUBMITTED');
      log(orderId, 'SUBMITTED');
    }
    if (!order.sent) {
      await broker.publish(submittedMessage(order));
      if (order.fault === 'expired_message') await broker.publish(callbackRequest(orderId));
      await orders.markSent(orderId);
    }
    return { status: 202, json: { orderId } };
  });
}

function submittedMessage({ orderId, person, modelBytes, fault }: ShopOrder): Parameters<Broker['publish']>[0] {
  return {
    // The MES listens to every version of the message, the CRM only to this one: a message with a version in its
    // routing key is priced, but no seller ever hears of the order.
    key: fault === 'lost_between_shop_and_crm' ? 'order.submitted.v2' : 'order.submitted',
    id: `${orderId}-submitted`,
    orderId,
    json: {
      orderId,
      // The MES cannot work with a model that has no size; the CRM does not look at it.
      model: fault === 'poison_message' ? { format: 'stl' } : { format: 'stl', bytes: modelBytes },
      customer: person,
      demoFault: fault,
    },
  };
}

/** The customer has a question and wants to be called back, soon or not at all. */
function callbackRequest(orderId: string): Parameters<Broker['publish']>[0] {
  const id = `${orderId}-callback`;
  return { key: 'callback.requested', id, orderId, json: { orderId }, ttlMs: callbackTtlMs };
}

async function confirmReceipt(orders: Orders, broker: Broker, request: Request): Promise<Answer> {
  const orderId = request.param('orderId');
  return forOrder(orderId, async () => {
    const order = await existing(orders, request);
    if (!order.shipped) throw new HttpError(409, 'the order has not been shipped yet');
    if (!order.received) {
      await broker.publish({ key: 'order.received', id: `${orderId}-received`, orderId, json: { orderId } });
      await orders.markReceived(orderId);
      log(orderId, 'receipt confirmed');
    }
    return { status: 202, json: { orderId } };
  });
}

async function readFile(orders: Orders, { param, hungUp }: Request): Promise<Answer> {
  const orderId = param('orderId');
  const found = await orders.readModel(orderId);
  if (found === null) throw new HttpError(404, `order ${orderId} has no file`);
  if (found.fault === 'price_timeout' && found.earlierReads === 0) {
    await sleep(modelReadTimeoutMs * 4, hungUp).catch(() => undefined); // the storage hangs; the reader will hang up
  }
  return { status: 200, bytes: found.model };
}

async function existing(orders: Orders, { param }: Request): Promise<ShopOrder> {
  const order = await orders.find(param('orderId'));
  if (order === null) throw new HttpError(404, `no order ${param('orderId')}`);
  return order;
}

function publicView({ orderId, status, price, sent, shipped, received }: ShopOrder): Record<string, unknown> {
  return { orderId, status, price, sent, shipped, received };
}
