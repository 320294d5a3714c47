// The one barrel of the project: the API's contract, zod in and out, shared by the server and the web application.
export * from './attributes.ts';
export * from './breakdown.ts';
export * from './conformance.ts';
export * from './dead-letters.ts';
export * from './errors.ts';
export * from './failures.ts';
export * from './imports.ts';
export * from './logs.ts';
export * from './metrics.ts';
export * from './orders.ts';
export * from './primitives.ts';
export * from './queues.ts';
export * from './statuses.ts';
export * from './system.ts';
export * from './traces.ts';
export * from './transitions.ts';
