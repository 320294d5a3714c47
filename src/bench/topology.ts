/** OTLP span kinds. */
export const KIND = { internal: 1, server: 2, client: 3, producer: 4 } as const;

/** What a span does; decides which attributes it carries. */
export type Role = 'page' | 'rpc' | 'database' | 'step';

/** A span of a topology with the spans it caused. */
export interface Call {
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly role: Role;
  readonly inside: readonly Call[];
}

type Inside = (service: string) => readonly Call[];

/*
 * Online Boutique, the demonstration shop whose recorded traces were published with the Nezha data set: the same services, operations
 * and shapes (traces of 1, 7 and 48 spans are the most frequent there).
 */

function page(inside: readonly Inside[]): Call {
  const service = 'frontend';
  const children = inside.flatMap((make) => make(service));
  return { service, name: 'hipstershop.Frontend/Recv.', kind: KIND.server, role: 'page', inside: children };
}

/** The caller's client span and the callee's server span. */
function rpc(callee: string, method: string, ...inside: readonly Inside[]): Inside {
  const name = `hipstershop.${method}`;
  const served: Call = {
    service: callee,
    name,
    kind: KIND.server,
    role: 'rpc',
    inside: inside.flatMap((make) => make(callee)),
  };
  return (service) => [{ service, name, kind: KIND.client, role: 'rpc', inside: [served] }];
}

function step(name: string, ...inside: readonly Inside[]): Inside {
  return (service) => [
    { service, name, kind: KIND.internal, role: 'step', inside: inside.flatMap((make) => make(service)) },
  ];
}

const query: Inside = (service) => [
  { service, name: 'sql.conn.query', kind: KIND.client, role: 'database', inside: [] },
  { service, name: 'sql.rows', kind: KIND.internal, role: 'database', inside: [] },
];

const currencies = rpc(
  'currencyservice',
  'CurrencyService/GetSupportedCurrencies',
  step('hipstershop.CurrencyService/GetCurrencyData'),
);
const carry = step('hipstershop.CurrencyService/Carry');
const convert = rpc(
  'currencyservice',
  'CurrencyService/Convert',
  step('hipstershop.CurrencyService/GetCurrencyData'),
  carry,
  carry,
);
const product = rpc('productcatalogservice', 'ProductCatalogService/GetProduct', query);
const products = rpc(
  'productcatalogservice',
  'ProductCatalogService/ListProducts',
  step('hipstershop.ProductCatalogService/ParseCatalog', step('hipstershop.ProductCatalogService/ReadCatalog', query)),
);
const cart = rpc('cartservice', 'CartService/GetCart');
const ads = rpc('adservice', 'AdService/GetAds', step('hipstershop.AdService/getRandomAds'));
const render = step('hipstershop.Frontend/Render');
const recommendations = rpc(
  'recommendationservice',
  'RecommendationService/ListRecommendations',
  step('get_product_list', products),
);

/** The name of the span that reports the status of an order. */
export const ORDER_SPAN = 'hipstershop.CheckoutService/PlaceOrder';

const checkout = rpc(
  'checkoutservice',
  'CheckoutService/PlaceOrder',
  step('prepareOrderItems', cart, product, convert),
  rpc('shippingservice', 'ShippingService/GetQuote'),
  convert,
  rpc('paymentservice', 'PaymentService/Charge'),
  rpc('shippingservice', 'ShippingService/ShipOrder'),
  rpc('cartservice', 'CartService/EmptyCart'),
  rpc('emailservice', 'EmailService/SendOrderConfirmation'),
  (service) => [{ service, name: 'orders publish', kind: KIND.producer, role: 'step', inside: [] }],
);

/** The traces that come again and again, 128 spans together; the last one is about an order. */
export const TRACES: readonly Call[] = [
  // The page of a product, 48 spans.
  page([product, currencies, cart, convert, recommendations, product, product, product, product, product, ads, render]),
  // The start page, 40 spans.
  page([currencies, products, cart, convert, convert, convert, convert, convert, ads]),
  // Into the cart, 7 spans.
  page([product, rpc('cartservice', 'CartService/AddItem')]),
  // A health check, 1 span.
  page([]),
  // An order, 32 spans.
  page([checkout, render]),
];

/** In which language a service is written. */
export const LANGUAGE_OF: Readonly<Record<string, string>> = {
  frontend: 'go',
  productcatalogservice: 'go',
  checkoutservice: 'go',
  shippingservice: 'go',
  currencyservice: 'nodejs',
  paymentservice: 'nodejs',
  recommendationservice: 'python',
  emailservice: 'python',
  adservice: 'java',
  cartservice: 'dotnet',
};
